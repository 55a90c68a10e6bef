import { changeTables } from './cached-schema.js';
/**
 * Clears the read-through cache after the tables were replaced, also after an attempt that failed. Where the cache's server does not accept
 * that, the call rejects with the cache's error although the tables are replaced; `clearReadThroughCache` clears again.
 */
export function cachedBackups(backups, cache) {
    return {
        calls: {
            promote: (database, keepAs, options) => changeTables(cache, () => backups.promote(database, keepAs, options)),
        },
    };
}
