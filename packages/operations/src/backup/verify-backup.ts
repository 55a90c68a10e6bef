import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import { keysOf, requireKnownKeys, systemClock } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { forEachConcurrently } from '@quantumtrade/dal-runtime';
import { findBackupId, readUsable } from './catalog.js';
import { manifestKey, backupObjectsOf } from './manifest.js';
import { readObject } from './stored-bytes.js';
import { type ObjectProblem, storeVerification, type BackupVerification } from './results.js';

const OPERATION = 'backup.verify';
const CONCURRENT_OBJECTS = 4;

export interface VerifyBackupOptions extends CallOptions {
  /** Backup to verify. @default the newest one */
  readonly id?: string | undefined;
  /** @default the system's clock */
  readonly clock?: TimeSource;
}

const KNOWN = keysOf<VerifyBackupOptions>({
  ...{ signal: true, deadline: true, priority: true },
  ...{ id: true, clock: true },
});

/**
 * Reads every object of a backup, those of earlier backups that it refers to included, and compares size and SHA-256 with the manifest,
 * and the manifest with its own hash. The result is kept in the store for `backupStatus`. Throws `ValidationError` where there is no backup.
 */
export async function verifyBackup(
  store: ObjectStore,
  options: VerifyBackupOptions = {},
): Promise<BackupVerification> {
  requireKnownKeys(options, KNOWN, OPERATION);
  const { id: wanted, clock = systemClock, ...limits } = options;
  const id = await findBackupId(store, wanted, OPERATION, limits);
  const manifest = await readUsable(store, id, limits);
  const problems: ObjectProblem[] = [];
  let bytes = 0;
  let objects = 0;
  if (typeof manifest === 'string') problems.push({ key: manifestKey(id), problem: manifest });
  else {
    await forEachConcurrently([...backupObjectsOf(manifest).values()], CONCURRENT_OBJECTS, async (object) => {
      const found = await readObject(store, object, limits);
      objects++;
      if (typeof found === 'string') problems.push({ key: object.key, problem: found });
      else bytes += found.length;
    });
  }
  const verifiedAt = new Date(clock.now()).toISOString();
  const verification = { id, verifiedAt, objects, bytes, problems };
  await storeVerification(store, verification, limits);
  return verification;
}
