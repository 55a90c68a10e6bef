import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { COPY_KEY } from './keys.js';
import { sealJson, unsealJson } from './sealed-json.js';

/** State of the copies in a second store. Without it, writers that began after the copying could not be known to be missing. */
export interface ArchiveCopy {
  /** Every block that was stored at this instant or before, by any writer, is there (epoch milliseconds). */
  readonly reachesTo: number;
  /** Promotion since which the store is the one in use, and is copied to no more (epoch milliseconds). @default none */
  readonly usedSince?: number;
}

export const putArchiveCopy = (store: ObjectStore, copy: ArchiveCopy, options?: CallOptions): Promise<void> =>
  store.put(COPY_KEY, sealJson(copy), options);

/** Returns the state of the copies in a store; undefined where it has none. Throws `ValidationError` when it was changed. */
export async function readArchiveCopy(
  store: ObjectStore,
  options?: CallOptions,
): Promise<ArchiveCopy | undefined> {
  const bytes = await store.get(COPY_KEY, options);
  return bytes && unsealJson<ArchiveCopy>(COPY_KEY, bytes);
}
