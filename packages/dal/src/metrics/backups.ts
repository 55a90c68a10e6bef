import type { BackupCondition } from '@quantumtrade/dal-domain/operations';
import type { Measurements } from '@quantumtrade/dal-telemetry';

/** A store that cannot be read is a problem as well: no data must not look like good data. */
export const UNREADABLE_BACKUPS: BackupCondition = {
  problems: ['the store of backups cannot be read'],
  ageMs: null,
  lastDrill: null,
  lastCopy: null,
};

export function measureBackups(
  into: Measurements,
  { problems, ageMs, lastDrill, lastCopy }: BackupCondition,
  now: number,
): void {
  into.add('quantumtrade.dal.backup.problems', problems.length, {});
  if (ageMs !== null) into.add('quantumtrade.dal.backup.age', ageMs / 1_000, {});
  const ageOf = (instant: string) => Math.max(0, (now - Date.parse(instant)) / 1_000);
  if (lastCopy !== null) into.add('quantumtrade.dal.backup.copy.age', ageOf(lastCopy.reachesTo), {});
  if (lastDrill === null) return;
  into.add('quantumtrade.dal.backup.drill.age', ageOf(lastDrill.startedAt), {});
  into.add('quantumtrade.dal.backup.drill.duration', lastDrill.durationMs / 1_000, {});
  into.add('quantumtrade.dal.backup.drill.passed', Number(lastDrill.outcome === 'passed'), {});
}
