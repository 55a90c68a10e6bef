import type { RedisOptions } from 'ioredis';
import { Cluster, Redis } from 'ioredis';
import type { CompleteRedisSettings } from '../settings.js';
import type { Endpoint } from './complete-settings.js';
import { clusterOptions } from './cluster-options.js';
import type { RedisCommands, Script } from '../commands/commands.js';
import { loginOf } from './login.js';
import { manyKeys } from '../commands/many-keys.js';
import { ScriptCalls } from '../commands/script-calls.js';
import { definitionsOf } from '../commands/scripts.js';
import { sentinelOptions, watchSwitches } from './sentinel.js';
import { shardsOf } from '../commands/shards.js';

export type RedisClient = Redis | Cluster;

/** The clients of one adapter. */
export interface RedisClients {
  /** Takes what changes something, and the reads where there is no `replica`. A cluster finds its replicas itself. */
  readonly master: RedisClient;
  /** Takes the reads. */
  readonly replica?: Redis;
  /** Whether the master takes the reads while the replica cannot. */
  readonly readsFallBack?: boolean;
  /** Of one reply; the default is `guardReplies`'s. */
  readonly maxReplyBytes?: number | undefined;
  /** Ends what watches over the clients; they themselves are closed one by one. */
  readonly stopWatching?: () => void;
}

/** How long a peer may take to end its side of a connection before it is cut. */
const CUT_AFTER_MS = 250;

/** Short, because the wait is part of every failover. */
const LONGEST_BACKOFF_MS = 500;
export const backoffMs = (attempt: number): number =>
  Math.min(50 * 2 ** Math.min(attempt - 1, 10), LONGEST_BACKOFF_MS);

/**
 * Clients that send no command twice and queue none while there is no connection: a call fails at once instead, and its
 * caller decides.
 */
export function createClients(
  settings: CompleteRedisSettings,
  endpoint: Endpoint,
  scripts: readonly Script[],
): RedisClients {
  const { sentinel, cluster, readFrom, maxReplyBytes } = settings;
  const { host, port, tls, username, password, database } = endpoint;
  const shared = {
    keyPrefix: settings.keyPrefix,
    scripts: definitionsOf(scripts),
  };
  const node: RedisOptions = {
    family: 0,
    connectTimeout: settings.connectionTimeoutMs,
    disconnectTimeout: CUT_AFTER_MS,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    ...loginOf({ username, password }),
    ...(tls ? { tls: { ...tls } } : {}),
  };
  if (cluster.enabled) {
    const nodes = [{ host, port }, ...cluster.nodes];
    const options = { ...shared, ...clusterOptions(cluster, node, readFrom) };
    return { master: new Cluster(nodes, { ...options, clusterRetryStrategy: backoffMs }), maxReplyBytes };
  }
  const server: RedisOptions = {
    ...shared,
    ...node,
    db: database,
    enableOfflineQueue: false,
    retryStrategy: backoffMs,
  };
  if (!sentinel) return { master: new Redis({ ...server, host, port }), maxReplyBytes };
  const watched = { ...server, ...sentinelOptions(sentinel, node), sentinelRetryStrategy: backoffMs };
  const master = new Redis({ ...watched, role: 'master' });
  return {
    master,
    maxReplyBytes,
    stopWatching: watchSwitches(master, sentinel, node),
    readsFallBack: readFrom === 'replica-preferred',
    ...(readFrom === 'master' ? {} : { replica: new Redis({ ...watched, role: 'slave' }) }),
  };
}

/** The adapter's commands over ioredis. */
export function commandsOf({ master, replica, readsFallBack }: RedisClients): RedisCommands {
  const masterCalls = new ScriptCalls(master);
  const replicaCalls = replica && new ScriptCalls(replica);
  const reader = () => (replica && (replica.status === 'ready' || !readsFallBack) ? replica : master);
  return {
    get: (key) => reader().get(key),
    set: (key, value, unit, ttlMs) => master.set(key, value, unit, ttlMs),
    exists: (key) => reader().exists(key),
    shards: () => shardsOf(master),
    ping: () => master.ping(),
    publish: (channel, message) => master.publish(channel, message),
    evaluate: (script, key, args) =>
      (script.readOnly && reader() === replica ? replicaCalls! : masterCalls).run(script, key, args),
    ...manyKeys(reader, master),
  };
}

/** Whether some calls at least can be made. */
export function isReady({ master, replica }: RedisClients): boolean {
  return master.status === 'ready' || replica?.status === 'ready';
}

/** Every connection that is known. */
export function connectionsOf({ master, replica }: RedisClients): Redis[] {
  const connections = master instanceof Cluster ? master.nodes() : [master];
  return replica ? [...connections, replica] : connections;
}

/** How long a server may take to show that it is there. */
const SIGN_OF_LIFE_MS = 1_000;

/**
 * Ends the connections to servers that give no sign of life, for others to be opened. A call may also be overdue because it
 * is long: it must not cost the others their connection. Resolves when it is done.
 */
export async function reopenSilent(clients: RedisClients, onSilent: () => void): Promise<void> {
  await Promise.all(connectionsOf(clients).map((connection) => endIfSilent(connection, onSilent)));
}

async function endIfSilent(connection: Redis, onSilent: () => void): Promise<void> {
  if (connection.status !== 'ready') return;
  const timer = setTimeout(() => {
    onSilent();
    connection.disconnect(true);
  }, SIGN_OF_LIFE_MS);
  await connection.ping().catch(() => undefined);
  clearTimeout(timer);
}

/** Resolves when the first of some events comes. */
export function firstOf(client: RedisClient, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const come = () => {
      for (const event of events) client.off(event, come);
      resolve();
    };
    for (const event of events) client.on(event, come);
  });
}
