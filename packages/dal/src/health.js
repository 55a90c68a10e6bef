import { messageOf } from '@quantumtrade/dal-writer';
import { degradationsOf } from './degradation.js';
const TIMEOUT_MS = 900;
/** Asks both backends and adds the local state. Resolves within a second, whatever the state of the backends. */
export async function checkHealth({ timeSeries, cache, archive }, guarantees, conditions, local) {
    const options = { deadline: Date.now() + TIMEOUT_MS };
    const failure = (ping) => ping.then(() => undefined, messageOf);
    const [clickhouseError, redisError, schema, inspected, servers] = await Promise.all([
        failure(timeSeries.probe.ping(options)),
        failure(cache.probe.ping(options)),
        timeSeries.schema.preview(undefined, options).catch(() => undefined),
        guarantees.recent(options).catch(() => null),
        conditions?.get(options),
    ]);
    if (clickhouseError !== undefined)
        guarantees.forget();
    const endpoints = timeSeries.probe.endpoints?.();
    const { isOpen, connectionCount, lastSuccessAt, pausedDeliveries, transactions, ...state } = local();
    const status = {
        clickhouseHealthy: clickhouseError === undefined,
        redisHealthy: redisError === undefined,
        cache: cacheState(state.cache),
        ...(clickhouseError !== undefined && { clickhouseError }),
        ...(redisError !== undefined && { redisError }),
        ...(endpoints && { endpoints }),
        ...(servers && { servers }),
        schemaVersion: schema?.from ?? 0,
        pendingMigrations: schema ? schema.to - schema.from : 0,
        connectionCount,
        lastSuccessfulQuery: lastSuccessAt ?? null,
        guarantees: clickhouseError === undefined ? inspected : null,
        ...(pausedDeliveries.length > 0 && { pausedDeliveries }),
        ...((transactions.pending > 0 || transactions.delayedBy) && { transactions }),
        ...(archive && { archive: archive.state() }),
    };
    // A store that is too busy to show its schema serves calls.
    const ready = isOpen && clickhouseError === undefined && schema?.from !== 0;
    return { ready, degradedBy: degradationsOf(status), ...status };
}
/** A half-open breaker counts as suspended: one call probes whether the others may be made again. */
function cacheState({ isConnected, disconnectedReason, reads, writes }) {
    return {
        invalidationsConnected: isConnected,
        ...(disconnectedReason === undefined ? {} : { disconnectedReason: disconnectedReason }),
        reads: reads === 'closed' ? 'made' : 'suspended',
        writes: writes === 'closed' ? 'made' : 'suspended',
    };
}
