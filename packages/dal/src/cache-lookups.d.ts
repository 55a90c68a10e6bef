import { type OperationMetrics } from '@quantumtrade/dal-telemetry';
/** Counts a lookup of the read-through cache, and publishes it with the pattern of its key. */
export declare function noteLookup(metrics: OperationMetrics, hit: boolean, pattern: string): void;
