import type { BackupCondition } from '@quantumtrade/dal-domain/operations';
import type { Measurements } from '@quantumtrade/dal-telemetry';
/** A store that cannot be read is a problem as well: no data must not look like good data. */
export declare const UNREADABLE_BACKUPS: BackupCondition;
export declare function measureBackups(into: Measurements, { problems, ageMs, lastDrill }: BackupCondition, now: number): void;
