import { keyspaces } from '@quantumtrade/dal-domain';
/** Options of values that the store has as well: a load may take a while, and values cached together expire apart. */
const loaded = { jitter: 0.1, loadTimeoutMs: 30_000 };
/**
 * Options of each key pattern. `l1TtlMs` is the staleness bound: after that time in this process a value is read again from the
 * cache's server, even without a notification. No value is served after its time, and none is kept in this process while
 * invalidations are disconnected.
 */
export const keyspaceOptions = {
    [keyspaces.latestMarketData.pattern]: { ...loaded, l1TtlMs: 5_000 },
    [keyspaces.latestFeatures.pattern]: { ...loaded, l1TtlMs: 30_000 },
    [keyspaces.featureValue.pattern]: { ...loaded, l1TtlMs: 30_000 },
    [keyspaces.prediction.pattern]: { ...loaded, l1TtlMs: 60_000 },
    [keyspaces.marketRegime.pattern]: { l1TtlMs: 10_000 },
    [keyspaces.selectedStrategy.pattern]: { l1TtlMs: 10_000 },
    [keyspaces.strategyPerformance.pattern]: { l1TtlMs: 60_000 },
    [keyspaces.latestTick.pattern]: { l1TtlMs: 1_000 },
    [keyspaces.session.pattern]: { l1TtlMs: 5_000 },
    [keyspaces.authContext.pattern]: { l1TtlMs: 5_000 },
};
