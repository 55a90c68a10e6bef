import type { CacheHealth, CacheStats } from '@quantumtrade/dal-cache';
import type { BreakerStatus } from '@quantumtrade/dal-domain';
import type { Measurements } from '@quantumtrade/dal-telemetry';
import type { DecisionsWithoutStore } from '../counted-rate-limiter.js';
/** Adds the reads of both levels of the cache, their failures and what the first level holds. */
export declare function measureCache(into: Measurements, stats: CacheStats, { isConnected }: CacheHealth): void;
/** Adds the state of each breaker. */
export declare function measureBreakers(into: Measurements, breakers: readonly BreakerStatus[]): void;
/** Adds the decisions of the rate limiter without its store. */
export declare function measureRateLimiter(into: Measurements, counts: DecisionsWithoutStore): void;
