import type { RateLimiter } from '@quantumtrade/dal-domain';
/** Number of decisions that were made without an answer of the limiter's store. */
export interface DecisionsWithoutStore {
    allow: number;
    deny: number;
}
/** Returns a rate limiter that counts its decisions without an answer of the store. */
export declare const countedRateLimiter: (limiter: RateLimiter, counts: DecisionsWithoutStore) => RateLimiter;
