import { affectedKeys, keyspaces, marketData, READ_OPTIONS, requireValues } from '@quantumtrade/dal-domain';
import { cachedEntries } from './cached-entries.js';
import { exactnessOf } from './exactness.js';
import { isPlainData, writtenValues } from './written-values.js';
/**
 * Caches the latest bar of each symbol under `market:{symbol}:latest` for reads of one latest bar. Writes keep it coherent.
 * Ticks that are published in real time have a key of their own: a bar that is cached here is in the database.
 */
export function cachedMarketData(repository, cache) {
    const latestBars = cache.values(keyspaces.latestMarketData, async ({ symbol }, limits) => (await repository.latest(symbol, 1, { ...limits, exact: true })).data[0] ?? null, READ_OPTIONS);
    const withExactness = exactnessOf(marketData);
    function resultOf(bar, cacheHit, executionTimeMs, options) {
        const data = bar ? [withExactness(bar, options?.exact ?? false)] : [];
        return { data, totalCount: data.length, executionTimeMs, cacheHit };
    }
    async function latestBar(symbol, options) {
        const startedAt = performance.now();
        const { value, hit } = await latestBars.find({ symbol }, options);
        return resultOf(value, hit, performance.now() - startedAt, options);
    }
    async function latestBarOfEach(symbols, options) {
        const wanted = requireValues(marketData.fields.symbol, 'symbols', symbols, 'marketData.latestMany');
        return cachedEntries(wanted, {
            values: latestBars,
            part: 'symbol',
            load: async (missing, limits) => {
                const found = await repository.latestMany(missing, 1, { ...limits, exact: true });
                return missing.map((symbol) => found.get(symbol)?.[0] ?? null);
            },
            convert: (bar) => [withExactness(bar, options?.exact ?? false)],
        }, options);
    }
    return {
        calls: {
            insert: (batch, options) => cache.write(affectedKeys('marketData', batch), () => repository.insert(batch, options), () => writtenValues(() => newestBars(batch))),
            latest: (symbol, limit, options) => limit === 1 && typeof symbol === 'string'
                ? latestBar(symbol, options)
                : repository.latest(symbol, limit, options),
            latestMany: (symbols, limit, options) => limit === 1 ? latestBarOfEach(symbols, options) : repository.latestMany(symbols, limit, options),
        },
        atHand: {
            latest: (symbol, limit, options) => {
                if (limit !== 1)
                    return undefined;
                const bar = latestBars.peek({ symbol }, options);
                return bar && resultOf(bar, true, 0, options);
            },
        },
    };
}
/** Returns a copy of the newest bar of each symbol in a batch; of bars with one instant the last, as the store keeps it. */
function newestBars({ source, records }) {
    const newest = new Map();
    for (const record of records) {
        const known = newest.get(record.symbol);
        if (!known || Number(record.timestamp) >= Number(known.timestamp))
            newest.set(record.symbol, record);
    }
    const bars = [];
    for (const bar of newest.values()) {
        if (!isPlainData(bar))
            continue;
        const timestamp = typeof bar.timestamp === 'number' ? bar.timestamp : new Date(bar.timestamp);
        const value = { ...bar, source, timestamp };
        bars.push({ keyspace: keyspaces.latestMarketData, value });
    }
    return bars;
}
