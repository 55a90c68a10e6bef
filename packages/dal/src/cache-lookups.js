import { debugChannel } from '@quantumtrade/dal-telemetry';
const debug = debugChannel('cache');
/** Counts a lookup of the read-through cache, and publishes it with the pattern of its key. */
export function noteLookup(metrics, hit, pattern) {
    metrics.cacheLookup(hit);
    if (debug.hasSubscribers)
        debug.publish({ message: hit ? 'hit' : 'miss', pattern });
}
