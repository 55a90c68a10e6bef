import { debugChannel, type OperationMetrics } from '@quantumtrade/dal-telemetry';

const debug = debugChannel('cache');

/** Counts a lookup of the read-through cache, and publishes it with the pattern of its key. */
export function noteLookup(metrics: OperationMetrics, hit: boolean, pattern: string): void {
  metrics.cacheLookup(hit);
  if (debug.hasSubscribers) debug.publish({ message: hit ? 'hit' : 'miss', pattern });
}
