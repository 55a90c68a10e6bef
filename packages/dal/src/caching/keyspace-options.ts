import type { KeyspaceOptions } from '@quantumtrade/dal-cache';
import { keyspaces } from '@quantumtrade/dal-domain';

/** What a store can be asked for: a load may take a while, and values that were cached together are not to end together. */
const loaded = { jitter: 0.1, loadTimeoutMs: 30_000 };

/**
 * How the values of each key pattern are kept. `l1TtlMs` is the staleness bound: after so long in this process a value is read
 * again from the cache's server, even if no change of it was told. Of every keyspace: nothing is served after its time, and
 * nothing is kept in this process while changes may go unheard.
 */
export const keyspaceOptions: Readonly<Record<string, KeyspaceOptions>> = {
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
