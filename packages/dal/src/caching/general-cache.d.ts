import type { Cache } from '@quantumtrade/dal-domain';
/** Returns the cache port for any caller: keys of sessions and auth contexts are refused with `ValidationError`. */
export declare function generalCache(cache: Cache): Cache;
