/** Adds the reads of both levels of the cache, their failures and what the first level holds. */
export function measureCache(into, stats, { isConnected }) {
    const { l1Hits, l2Hits, misses } = stats;
    const requests = [
        ['l1', 'hit', l1Hits],
        ['l1', 'miss', l2Hits + misses],
        ['l2', 'hit', l2Hits],
        ['l2', 'miss', misses],
    ];
    for (const [level, result, count] of requests) {
        into.add('quantumtrade.dal.cache.requests', count, {
            'quantumtrade.dal.cache.level': level,
            'quantumtrade.dal.cache.result': result,
        });
    }
    into.add('quantumtrade.dal.cache.loads', stats.loads, {});
    into.add('quantumtrade.dal.cache.degraded_loads', stats.degradedLoads, {});
    into.add('quantumtrade.dal.cache.failures', stats.l2Failures, {});
    into.add('quantumtrade.dal.cache.entries', stats.entries, {});
    into.add('quantumtrade.dal.cache.size', stats.bytes, {});
    into.add('quantumtrade.dal.cache.invalidations.connected', Number(isConnected), {});
}
const BREAKER_STATES = ['closed', 'open', 'half-open'];
/** Adds the state of each breaker. */
export function measureBreakers(into, breakers) {
    for (const { name, state } of breakers) {
        for (const each of BREAKER_STATES) {
            into.add('quantumtrade.dal.breaker.state', Number(each === state), {
                'quantumtrade.dal.breaker': name,
                'quantumtrade.dal.breaker.state': each,
            });
        }
    }
}
/** Adds the decisions of the rate limiter without its store. */
export function measureRateLimiter(into, counts) {
    for (const decision of ['allow', 'deny']) {
        into.add('quantumtrade.dal.rate_limiter.without_store', counts[decision], {
            'quantumtrade.dal.rate_limiter.decision': decision,
        });
    }
}
