import type { ReadThroughCache } from '@quantumtrade/dal-cache';
import type { CopyController } from '@quantumtrade/dal-domain/operations';
import type { CachedMethods } from '../observation.js';
import { changeTables } from './cached-schema.js';

/**
 * Clears the read-through cache after a repair: values that were read from a copy without some rows are no longer served. Where the cache's
 * server does not accept that, the call rejects with the cache's error although the rows are written.
 */
export function cachedCopies(copies: CopyController, cache: ReadThroughCache): CachedMethods<CopyController> {
  return { calls: { repair: (options) => changeTables(cache, () => copies.repair(options)) } };
}
