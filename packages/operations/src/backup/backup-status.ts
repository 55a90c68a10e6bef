import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import { keysOf, requireKnownKeys, requireWholeNumber, systemClock } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { type BackupSummary, listBackups } from './catalog.js';
import {
  type ArchiveCopyResult,
  type Drill,
  readLastCopy,
  readLastDrill,
  readVerifications,
} from './results.js';

const OPERATION = 'backup.status';
const HOUR_MS = 3_600_000;

export interface BackupStatusOptions extends CallOptions {
  /** Age up to which the newest verified backup is young enough. @default 93,600,000 (milliseconds; 26 hours) */
  readonly maxAgeMs?: number;
  /** Age up to which the last drill is young enough. @default 691,200,000 (milliseconds; 8 days) */
  readonly maxDrillAgeMs?: number;
  /** @default the system's clock */
  readonly clock?: TimeSource;
}

const KNOWN = keysOf<BackupStatusOptions>({
  ...{ signal: true, deadline: true, priority: true },
  ...{ maxAgeMs: true, maxDrillAgeMs: true, clock: true },
});

/** Whether the backups in a store can be relied on. */
export interface BackupStatus {
  /** Whether there is nothing among the problems. Without any backup, verification or drill it is false. */
  readonly isOk: boolean;
  readonly problems: readonly string[];
  readonly newest: BackupSummary | null;
  /** Newest backup whose latest verification found no problem. */
  readonly newestVerified: BackupSummary | null;
  /** Age of the rows of that one (milliseconds). */
  readonly ageMs: number | null;
  readonly lastDrill: Drill | null;
  /** Last copy of the archive to a second store. */
  readonly lastCopy: ArchiveCopyResult | null;
}

/** Reports the age of the newest verified backup and the last drill. Reads manifests and results, no rows. */
export async function backupStatus(
  store: ObjectStore,
  options: BackupStatusOptions = {},
): Promise<BackupStatus> {
  requireKnownKeys(options, KNOWN, OPERATION);
  const {
    maxAgeMs = 26 * HOUR_MS,
    maxDrillAgeMs = 8 * 24 * HOUR_MS,
    clock = systemClock,
    ...limits
  } = options;
  requireWholeNumber('maxAgeMs', maxAgeMs, OPERATION);
  requireWholeNumber('maxDrillAgeMs', maxDrillAgeMs, OPERATION);
  const backups = await listBackups(store, limits);
  const verifications = await readVerifications(store, limits);
  const passed = new Set(verifications.filter(({ problems }) => problems.length === 0).map(({ id }) => id));
  const lastDrill = (await readLastDrill(store, limits)) ?? null;
  const lastCopy = (await readLastCopy(store, limits)) ?? null;
  const newest = backups.at(-1) ?? null;
  const usable = (each: BackupSummary) => each.problem === undefined && passed.has(each.id);
  const newestVerified = backups.findLast(usable) ?? null;
  const now = clock.now();
  const ageMs = newestVerified && now - Date.parse(newestVerified.completedAt!);
  const problems = [
    ...backups.flatMap(({ problem }) => problem ?? []),
    ...verifications.flatMap(({ problems }) => problems.map(({ key, problem }) => `${key}: ${problem}`)),
    ...(newest === null ? ['there is no backup'] : []),
    ...(ageMs === null ? ['no backup is verified'] : []),
    ...(ageMs !== null && ageMs > maxAgeMs ? ['the newest verified backup is too old'] : []),
    ...drillProblems(lastDrill, now, maxDrillAgeMs),
  ];
  return { isOk: problems.length === 0, problems, newest, newestVerified, ageMs, lastDrill, lastCopy };
}

function drillProblems(drill: Drill | null, now: number, maxAgeMs: number): string[] {
  if (drill === null) return ['no restore was drilled'];
  if (drill.outcome === 'failed') return [`the last drill failed: ${drill.reason}`];
  return now - Date.parse(drill.startedAt) > maxAgeMs ? ['the last drill is too old'] : [];
}
