import type { CacheHealth } from '@quantumtrade/dal-cache';
import type { BackendProbe, CacheState, HealthStatus, PausedDelivery } from '@quantumtrade/dal-domain';
import type { GuaranteeMonitor, Transactions } from '@quantumtrade/dal-writer';
import { messageOf } from '@quantumtrade/dal-writer';
import type { DatabaseParts } from './database-parts.js';

const TIMEOUT_MS = 900;

/** State of a data layer that needs no call. */
export interface LocalState {
  readonly cache: CacheHealth;
  readonly connectionCount: number;
  readonly lastSuccessAt: Date | undefined;
  readonly pausedDeliveries: readonly PausedDelivery[];
  readonly transactions: Transactions['state'];
}

/** Asks both backends and adds the local state. Resolves within a second, whatever the state of the backends. */
export async function checkHealth(
  { timeSeries, cache }: DatabaseParts,
  guarantees: GuaranteeMonitor,
  local: () => LocalState,
): Promise<HealthStatus> {
  const options = { deadline: Date.now() + TIMEOUT_MS };
  const failure = (ping: Promise<unknown>) => ping.then(() => undefined, messageOf);
  const [clickhouseError, redisError, schemaVersion, inspected] = await Promise.all([
    failure(timeSeries.probe.ping(options)),
    failure(cache.probe.ping(options)),
    timeSeries.schema.version(options).catch(() => 0),
    guarantees.recent(options).catch(() => null),
  ]);
  if (clickhouseError !== undefined) guarantees.forget();
  const endpoints = timeSeries.probe.endpoints?.();
  const { connectionCount, lastSuccessAt, pausedDeliveries, transactions, ...state } = local();
  return {
    clickhouseHealthy: clickhouseError === undefined,
    redisHealthy: redisError === undefined,
    cache: cacheState(state.cache),
    ...(clickhouseError !== undefined && { clickhouseError }),
    ...(redisError !== undefined && { redisError }),
    ...(endpoints && { endpoints }),
    schemaVersion,
    connectionCount,
    lastSuccessfulQuery: lastSuccessAt ?? null,
    guarantees: clickhouseError === undefined ? inspected : null,
    ...(pausedDeliveries.length > 0 && { pausedDeliveries }),
    ...((transactions.pending > 0 || transactions.delayedBy) && { transactions }),
  };
}

/** Returns the time of orphaned queries on all servers, in seconds. */
export const orphanSecondsOf = (probe: BackendProbe): number =>
  (probe.endpoints?.() ?? []).reduce((sum, each) => sum + each.orphanSeconds, 0);

/** A half-open breaker counts as suspended: one call probes whether the others may be made again. */
function cacheState({ isConnected, disconnectedReason, reads, writes }: CacheHealth): CacheState {
  return {
    invalidationsConnected: isConnected,
    ...(disconnectedReason === undefined ? {} : { disconnectedReason: disconnectedReason }),
    reads: reads === 'closed' ? 'made' : 'suspended',
    writes: writes === 'closed' ? 'made' : 'suspended',
  };
}
