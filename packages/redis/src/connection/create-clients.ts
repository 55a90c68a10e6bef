import type { RedisOptions } from 'ioredis';
import { Cluster, Redis } from 'ioredis';
import { scriptDefinitions, type Script } from '../commands/scripts.js';
import { patchClient } from '../driver/patch-client.js';
import type { CompleteRedisSettings } from '../settings.js';
import { clusterOptions } from './cluster.js';
import type { Endpoint } from './complete-settings.js';
import { followPassword, followSecret, loginOptions } from './login.js';
import { reconnectStrategy } from './reconnect.js';
import type { RedisClient, RedisClients } from './redis-client.js';
import { sentinelOptions, watchMasterSwitches } from './sentinel.js';

/** Time for a peer to close its side of a connection before the socket is destroyed. */
const DISCONNECT_TIMEOUT_MS = 250;

/**
 * Creates clients that send no command twice and queue none without a connection: such a call fails immediately, and its
 * caller decides whether to retry.
 */
export function createClients(
  { sentinel, cluster, readFrom, keyPrefix, connectionTimeoutMs, maxReplyBytes }: CompleteRedisSettings,
  { host, port, database, ...access }: Endpoint,
  scripts: readonly Script[],
): RedisClients {
  const shared = { keyPrefix, scripts: scriptDefinitions(scripts) };
  const node: RedisOptions = {
    family: 0,
    connectTimeout: connectionTimeoutMs,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    ...loginOptions(access),
    ...(access.tls ? { tls: { ...access.tls } } : {}),
  };
  // The driver makes the connections to nodes of a cluster from these options.
  followSecret(node, 'password', access.password);
  const patched = <C extends RedisClient>(client: C): C => {
    patchClient(client, maxReplyBytes);
    followPassword(client, access.password);
    return client;
  };
  if (cluster.enabled) {
    const nodes = [{ host, port }, ...cluster.nodes];
    const options = { ...shared, ...clusterOptions(cluster, node, readFrom) };
    return { master: patched(new Cluster(nodes, { ...options, clusterRetryStrategy: reconnectStrategy() })) };
  }
  const server: RedisOptions = {
    ...shared,
    ...node,
    db: database,
    enableOfflineQueue: false,
    retryStrategy: reconnectStrategy(),
  };
  if (!sentinel) return { master: patched(new Redis({ ...server, host, port })) };
  const watched = {
    ...server,
    ...sentinelOptions(sentinel, node),
    sentinelRetryStrategy: reconnectStrategy(),
  };
  const behindSentinels = (role: 'master' | 'slave') => {
    const client = patched(new Redis({ ...watched, role }));
    followSecret(client.options, 'sentinelPassword', sentinel.password);
    return client;
  };
  const master = behindSentinels('master');
  return {
    master,
    stopWatching: watchMasterSwitches(master, sentinel, node),
    readsFallBack: readFrom === 'replica-preferred',
    ...(readFrom === 'master' ? {} : { replica: behindSentinels('slave') }),
  };
}
