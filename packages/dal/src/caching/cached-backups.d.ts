import type { ReadThroughCache } from '@quantumtrade/dal-cache';
import type { BackupBackend } from '@quantumtrade/dal-domain/operations';
import type { CachedMethods } from '../observation.js';
/**
 * Clears the read-through cache after the tables were replaced, also after an attempt that failed. Where the cache's server does not accept
 * that, the call rejects with the cache's error although the tables are replaced; `clearReadThroughCache` clears again.
 */
export declare function cachedBackups(backups: BackupBackend, cache: ReadThroughCache): CachedMethods<BackupBackend>;
