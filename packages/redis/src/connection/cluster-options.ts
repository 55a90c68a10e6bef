import type { ClusterOptions, Redis, RedisOptions } from 'ioredis';
import type { ReadFrom, RedisClusterSettings } from '../settings.js';

/**
 * A node's connection queues what comes while it opens, for a cluster opens them on first use. What was sent to a node
 * that went away is not sent again; its connection does not come back, and the next redirection opens another.
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
    scaleReads: { master: 'master', replica: 'slave', 'replica-preferred': readyReplica }[readFrom],
    // A replica goes on redirecting to the slot's new master until the slots are known anew, which takes a moment.
    retryDelayOnMoved: readFrom === 'master' ? 0 : retryDelayMs,
    // Certificates name hosts: they are connected to by name.
    ...(node.tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
  } as ClusterOptions;
}

/** One of a slot's replicas that is connected; else its master, while they are being connected to. */
function readyReplica([master, ...replicas]: (Redis | undefined)[]): Redis | undefined {
  for (const replica of replicas) if (replica?.status === 'wait') replica.connect().catch(() => undefined);
  const ready = replicas.filter((replica) => replica?.status === 'ready');
  return ready[Math.floor(Math.random() * ready.length)] ?? master;
}
