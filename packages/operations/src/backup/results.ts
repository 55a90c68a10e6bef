import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { sealJson, unsealJson } from '../archive/sealed-json.js';

export interface ObjectProblem {
  readonly key: string;
  readonly problem: string;
}

/** Result of reading all objects of a backup. */
export interface BackupVerification {
  readonly id: string;
  /** When it ended (ISO 8601). */
  readonly verifiedAt: string;
  /** Objects and bytes that were read, those of the manifest left out. */
  readonly objects: number;
  readonly bytes: number;
  /** Empty for a backup that can be restored. */
  readonly problems: readonly ObjectProblem[];
}

/** Result of a restore that was made to prove that it can be. */
export interface Drill {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly outcome: 'passed' | 'failed';
  /** Backup that was restored; null where none could be chosen. */
  readonly id: string | null;
  readonly rows: number;
  readonly bytes: number;
  /** Why it failed. @default none */
  readonly reason?: string;
}

/** Result of copying the archive to a second store. */
export interface ArchiveCopyResult {
  /** Location of the second store. */
  readonly to: string;
  readonly copiedAt: string;
  /** Latest instant that can be restored from there (ISO 8601). */
  readonly reachesTo: string;
}

const LAST_COPY = 'copies/archive.json';
const VERIFICATIONS = 'verifications/';
const DRILLS = 'drills/';

export const verificationKey = (id: string): string => `${VERIFICATIONS}${id}.json`;

/** Keeps the latest verification of a backup. */
export const storeVerification = (
  store: ObjectStore,
  verification: BackupVerification,
  options: CallOptions,
): Promise<void> => store.put(verificationKey(verification.id), sealJson(verification), options);

/** Keeps the result of a drill under its time. */
export const storeDrill = (store: ObjectStore, drill: Drill, options: CallOptions): Promise<void> =>
  store.put(`${DRILLS}${drill.startedAt.replace(/[-:.]/g, '')}.json`, sealJson(drill), options);

/** Returns the latest verification of each backup that has one. */
export async function readVerifications(
  store: ObjectStore,
  options: CallOptions,
): Promise<BackupVerification[]> {
  const found: BackupVerification[] = [];
  for await (const { key } of store.list(VERIFICATIONS, options)) {
    const bytes = await store.get(key, options);
    if (bytes) found.push(unsealJson<BackupVerification>(key, bytes));
  }
  return found;
}

/** Returns the newest drill; undefined when there was none. */
export async function readLastDrill(store: ObjectStore, options: CallOptions): Promise<Drill | undefined> {
  let newest: string | undefined;
  for await (const { key } of store.list(DRILLS, options)) newest = key;
  const bytes = newest === undefined ? undefined : await store.get(newest, options);
  return bytes && unsealJson<Drill>(newest!, bytes);
}

/** Keeps the result of the last copy of the archive. */
export const storeLastCopy = (
  store: ObjectStore,
  copy: ArchiveCopyResult,
  options: CallOptions,
): Promise<void> => store.put(LAST_COPY, sealJson(copy), options);

/** Returns the result of the last copy of the archive; undefined when there was none. */
export async function readLastCopy(
  store: ObjectStore,
  options: CallOptions,
): Promise<ArchiveCopyResult | undefined> {
  const bytes = await store.get(LAST_COPY, options);
  return bytes && unsealJson<ArchiveCopyResult>(LAST_COPY, bytes);
}
