import type { CacheHealth } from '@quantumtrade/dal-cache';
import type { CacheState, HealthStatus, PausedDelivery } from '@quantumtrade/dal-domain';
import type { GuaranteeMonitor, Transactions } from '@quantumtrade/dal-writer';
import { messageOf } from '@quantumtrade/dal-writer';
import type { DatabaseParts } from './database-parts.js';
import type { DatabaseServices } from './database-ports.js';
import { degradationsOf } from './degradation.js';

const TIMEOUT_MS = 900;

/** State of a data layer that needs no call. */
export interface LocalState {
  readonly isOpen: boolean;
  readonly cache: CacheHealth;
  readonly connectionCount: number;
  readonly lastSuccessAt: Date | undefined;
  readonly pausedDeliveries: readonly PausedDelivery[];
  readonly transactions: Transactions['state'];
}

/** Asks both backends and adds the local state. Resolves within a second, whatever the state of the backends. */
export async function checkHealth(
  { timeSeries, cache, archive }: DatabaseParts,
  guarantees: GuaranteeMonitor,
  conditions: DatabaseServices['conditions'],
  local: () => LocalState,
): Promise<HealthStatus> {
  const options = { deadline: Date.now() + TIMEOUT_MS };
  const failure = (ping: Promise<unknown>) => ping.then(() => undefined, messageOf);
  const [clickhouseError, redisError, schema, inspected, servers] = await Promise.all([
    failure(timeSeries.probe.ping(options)),
    failure(cache.probe.ping(options)),
    timeSeries.schema.preview(undefined, options).catch(() => undefined),
    guarantees.recent(options).catch(() => null),
    conditions?.get(options),
  ]);
  if (clickhouseError !== undefined) guarantees.forget();
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
function cacheState({ isConnected, disconnectedReason, reads, writes }: CacheHealth): CacheState {
  return {
    invalidationsConnected: isConnected,
    ...(disconnectedReason === undefined ? {} : { disconnectedReason: disconnectedReason }),
    reads: reads === 'closed' ? 'made' : 'suspended',
    writes: writes === 'closed' ? 'made' : 'suspended',
  };
}
