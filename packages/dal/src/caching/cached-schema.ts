import type { ReadThroughCache } from '@quantumtrade/dal-cache';
import type { SchemaController } from '@quantumtrade/dal-domain';
import type { CachedMethods } from '../observation.js';

/**
 * Clears the read-through cache after the tables have changed: values that were read before are no longer served or cached.
 * Where the cache's server does not accept that, the call rejects with the cache's error although the schema has changed;
 * `migrate` to the same version clears again. An `initialize` that finds no schema works without the cache: nothing was cached.
 */
export function cachedSchema(
  schema: SchemaController,
  cache: ReadThroughCache,
): CachedMethods<SchemaController> {
  return {
    calls: {
      async initialize(options) {
        const version = () => schema.version(options).catch(() => undefined);
        const before = await version();
        await cache
          .writeUntracked(() => schema.initialize(options))
          .catch((error: unknown) => clearAfter(error, before === undefined ? undefined : cache));
        if ((await version()) === before) return;
        await cache.clear().catch((error: unknown) => {
          if (before !== 0) throw error;
        });
      },
      async migrate(version, options) {
        await changeTables(cache, () => schema.migrate(version, options));
      },
    },
  };
}

/** Changes tables, and clears the read-through cache then. */
export async function changeTables<T>(cache: ReadThroughCache, change: () => Promise<T>): Promise<T> {
  const result = await cache.writeUntracked(change).catch((error: unknown) => clearAfter(error, cache));
  await cache.clear();
  return result;
}

/** Clears after a change that failed: it may have changed tables. */
async function clearAfter(error: unknown, cache: ReadThroughCache | undefined): Promise<never> {
  await cache?.clear().catch(() => undefined);
  throw error;
}
