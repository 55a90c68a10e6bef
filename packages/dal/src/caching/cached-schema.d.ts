import type { ReadThroughCache } from '@quantumtrade/dal-cache';
import type { SchemaController } from '@quantumtrade/dal-domain';
import type { CachedMethods } from '../observation.js';
/**
 * Clears the read-through cache after the tables have changed: values that were read before are no longer served or cached.
 * Where the cache's server does not accept that, the call rejects with the cache's error although the schema has changed;
 * `migrate` to the same version clears again. An `initialize` that finds no schema works without the cache: nothing was cached.
 */
export declare function cachedSchema(schema: SchemaController, cache: ReadThroughCache): CachedMethods<SchemaController>;
/** Changes tables, and clears the read-through cache then. */
export declare function changeTables(cache: ReadThroughCache, change: () => Promise<void>): Promise<void>;
