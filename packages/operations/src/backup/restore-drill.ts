import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import { isDatabaseError, keysOf, requireKnownKeys, systemClock } from '@quantumtrade/dal-domain';
import type { BackupBackend, ObjectStore } from '@quantumtrade/dal-domain/operations';
import { restoreBackup, type RestoredDatabase } from './restore-backup.js';
import { type Drill, storeDrill } from './results.js';

const OPERATION = 'backup.drill';

export interface RestoreDrillOptions extends CallOptions {
  /** @default the system's clock */
  readonly clock?: TimeSource;
  /** @default Math.random */
  readonly random?: () => number;
}

const KNOWN = keysOf<RestoreDrillOptions>({
  ...{ signal: true, deadline: true, priority: true },
  ...{ clock: true, random: true },
});

/**
 * Restores the newest backup into a database of its own, compares counts and content hashes with the manifest, drops it, and keeps the
 * result in the store for `backupStatus`. A failed restore is a result; only a store or server that fails otherwise rejects.
 */
export async function restoreDrill(
  backups: BackupBackend,
  store: ObjectStore,
  options: RestoreDrillOptions = {},
): Promise<Drill> {
  requireKnownKeys(options, KNOWN, OPERATION);
  const { clock = systemClock, random = Math.random, ...limits } = options;
  const started = clock.now();
  const drill = { startedAt: new Date(started).toISOString(), id: null, rows: 0, bytes: 0 };
  const result = await attempt(backups, store, drillDatabase(started, random), limits).then(
    ({ manifest, rows, bytes }): Omit<Drill, 'durationMs'> => {
      return { ...drill, outcome: 'passed', id: manifest.id, rows, bytes };
    },
    (error: unknown): Omit<Drill, 'durationMs'> => {
      if (!isDatabaseError(error)) throw error;
      return { ...drill, outcome: 'failed', reason: error.message };
    },
  );
  const complete = { ...result, durationMs: clock.now() - started };
  await storeDrill(store, complete, limits);
  return complete;
}

async function attempt(
  backups: BackupBackend,
  store: ObjectStore,
  into: string,
  limits: CallOptions,
): Promise<RestoredDatabase> {
  const restored = await restoreBackup(backups, store, { into, ...limits });
  await restored.target.drop(limits);
  return restored;
}

/** Returns a name that the store's backend takes for that of an abandoned database once it is old. */
const drillDatabase = (now: number, random: () => number): string =>
  `qtdal_drill_${Math.floor(now / 1_000)}_${Math.floor(random() * 2 ** 48)
    .toString(16)
    .padStart(12, '0')}`;
