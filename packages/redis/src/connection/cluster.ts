import type { ClusterOptions, Redis, RedisOptions } from 'ioredis';
import type { ReadFrom, RedisClusterSettings } from '../settings.js';

/**
 * Returns the driver options of a cluster. The connection to a node opens on first use and queues commands until then. Commands
 * sent to a node that disappears are not sent again; a later redirection opens a new connection.
 */
export function clusterOptions(
  { maxRedirections, retryDelayMs }: RedisClusterSettings,
  node: RedisOptions,
  readFrom: ReadFrom,
): ClusterOptions {
  return {
    enableOfflineQueue: true,
    redisOptions: node,
    slotsRefreshTimeout: node.connectTimeout,
    maxRedirections,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: retryDelayMs,
    retryDelayOnTryAgain: retryDelayMs,
    scaleReads: { master: 'master', replica: 'slave', 'replica-preferred': selectReadyReplica }[readFrom],
    // A replica redirects to the new master of a slot until the slots are refreshed, which takes a moment.
    retryDelayOnMoved: readFrom === 'master' ? 0 : retryDelayMs,
    // Certificates name hosts, so nodes are connected to by name.
    ...(node.tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
  } as ClusterOptions;
}

/** Selects one of the connected replicas of a slot, or its master while none is connected. */
function selectReadyReplica([master, ...replicas]: (Redis | undefined)[]): Redis | undefined {
  for (const replica of replicas) if (replica?.status === 'wait') replica.connect().catch(() => undefined);
  const ready = replicas.filter((replica) => replica?.status === 'ready');
  return ready[Math.floor(Math.random() * ready.length)] ?? master;
}
