import { Cluster, Redis } from 'ioredis';
import type { RedisSettings } from '../settings.js';
import { endpointOf } from '../settings.js';
import type { RedisCommands, Script } from './commands.js';

export type RedisClient = Redis | Cluster;

/** How long a peer may take to end its side of a connection before it is cut. */
const CUT_AFTER_MS = 250;

const LONGEST_BACKOFF_MS = 2_000;
const backoffMs = (attempt: number): number =>
  Math.min(50 * 2 ** Math.min(attempt - 1, 10), LONGEST_BACKOFF_MS);

/**
 * A client that queues nothing while it is not connected and sends no command twice: a call fails at once instead, and
 * its caller decides.
 */
export function createClient(settings: RedisSettings, scripts: readonly Script[]): RedisClient {
  const { host, port, tls, username, password, database } = endpointOf(settings);
  const shared = {
    enableOfflineQueue: false,
    keyPrefix: settings.keyPrefix ?? '',
    scripts: Object.fromEntries(scripts.map(({ name, lua }) => [name, { lua, numberOfKeys: 1 }])),
  };
  const node = {
    family: 0,
    username: password === undefined ? undefined : username,
    password,
    connectTimeout: settings.connectionTimeoutMs ?? 5_000,
    commandTimeout: commandTimeoutMs(settings),
    disconnectTimeout: CUT_AFTER_MS,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    ...(tls ? { tls: {} } : {}),
  };
  const { cluster } = settings;
  if (!cluster?.enabled) {
    return new Redis({ ...shared, ...node, host, port, db: database, retryStrategy: backoffMs });
  }
  return new Cluster([{ host, port }], {
    ...shared,
    redisOptions: node,
    clusterRetryStrategy: backoffMs,
    slotsRefreshTimeout: node.connectTimeout,
    maxRedirections: cluster.maxRedirections,
    retryDelayOnFailover: cluster.retryDelayMs,
    retryDelayOnClusterDown: cluster.retryDelayMs,
    retryDelayOnTryAgain: cluster.retryDelayMs,
  });
}

export function commandTimeoutMs(settings: RedisSettings): number {
  return settings.commandTimeoutMs ?? 10_000;
}

/** The adapter's commands over ioredis. */
export function commandsOf(client: RedisClient): RedisCommands {
  const scripts = client as unknown as Record<string, (...args: (string | number)[]) => Promise<unknown>>;
  return {
    get: (key) => client.get(key),
    set: (key, value, unit, ttlMs) => client.set(key, value, unit, ttlMs),
    del: (key) => client.del(key),
    exists: (key) => client.exists(key),
    lrange: (key, first, last) => client.lrange(key, first, last),
    ping: () => client.ping(),
    evaluate: (script, key, args) => scripts[script.name]!(key, ...args),
  };
}

export function openConnections(client: RedisClient): number {
  const nodes = client instanceof Cluster ? client.nodes() : [client];
  return nodes.filter(({ status }) => status === 'ready').length;
}
