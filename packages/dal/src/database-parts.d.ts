import type { AuditSink, CacheBackend, TimeSeriesBackend, TimeSource } from '@quantumtrade/dal-domain';
import type { BlockArchive, ReadBackupCondition } from '@quantumtrade/dal-domain/operations';
import type { WriterSetup } from '@quantumtrade/dal-writer';
/** The backends of a data layer, and what it works with besides. */
export interface DatabaseParts {
    timeSeries: TimeSeriesBackend;
    cache: CacheBackend;
    /** Time by which cached values expire; a backend in memory must have the same. @default the system's */
    clock?: TimeSource;
    /** Storage of batch writers and transactions. @default none: there are no batch writers, and transactions are kept in memory */
    writing?: WriterSetup;
    /** Archive of the blocks that the time-series store takes, for health and metrics. @default none */
    archive?: Pick<BlockArchive, 'state'> | undefined;
    /** Looks at the backups, for metrics. @default none */
    backupCondition?: ReadBackupCondition | undefined;
    /** Receives an entry for each modification of data. @default none */
    audit?: AuditSink;
    /** The application's name in audit entries. @default unknown */
    actor?: string;
}
/** Throws `ValidationError` naming a part that is unknown. */
export declare function requireDatabaseParts(parts: DatabaseParts): void;
