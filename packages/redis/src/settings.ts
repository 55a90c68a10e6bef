import {
  TLS_FILE_SETTINGS,
  TLS_SETTINGS,
  type SettingsInput,
  type SettingsOf,
} from '@quantumtrade/dal-runtime';

/**
 * Mechanism that announces changes of cached values.
 *
 * - `tracking`: the server announces every write, eviction and flush by any client (`CLIENT TRACKING`). Where it
 *   refuses, listeners stay disconnected.
 * - `pubsub`: for proxies and users without permission to track. Every write through this adapter, with the same setting and
 *   prefix, publishes its keys. Writes by other clients, evictions, flushes and writes whose connection broke are not
 *   announced: copies of such values stay stale until their time to live ends.
 * - `none`: listeners stay disconnected.
 */
export type InvalidationMode = 'tracking' | 'pubsub' | 'none';

/**
 * Servers that answer reads. Writes and writing scripts always run on a master.
 *
 * - `master`: a read sees all earlier writes.
 * - `replica`: a replica, or the master where the cluster has no replica for a key. A read fails with a retryable error while
 *   the replica is unreachable.
 * - `replica-preferred`: a replica, or the master while no replica is reachable.
 *
 * A replica lags behind its master: a write of the same process may be missing, and while the replica is disconnected from
 * its master its answers may be older without limit.
 */
export type ReadFrom = 'master' | 'replica' | 'replica-preferred';

const SENTINEL_SETTINGS = {
  /** The name of the master in the Sentinels' configuration. */
  name: { kind: 'text', required: true },
  /** Some of the Sentinels; the others are found through them. Their default port is 26379. */
  nodes: { kind: 'addresses', defaultPort: 26_379, required: true },
  /** The user for the Sentinels. Without it, their default user. */
  username: { kind: 'text' },
  /** The password for the Sentinels. */
  password: { kind: 'secret' },
} as const;

const CLUSTER_SETTINGS = {
  /** Whether `url` names a node of a Redis cluster; the other nodes are found through it. */
  enabled: { kind: 'flag', default: false },
  /** More nodes through which to find the cluster. Their default port is 6379. */
  nodes: { kind: 'addresses', defaultPort: 6_379, default: [] },
  /** Redirections that one command follows at most. */
  maxRedirections: { kind: 'count', min: 0, default: 3, unit: 'redirections' },
  /** Delay before a command is repeated while the cluster moves slots or elects a master. */
  retryDelayMs: { kind: 'duration', min: 0, default: 100, inFile: 'milliseconds' },
} as const;

const CONNECTION_SETTINGS = {
  /**
   * `redis://host:port`, or `rediss://` for TLS; the default port is 6379. It may hold a user, a password and a database
   * (`redis://user:password@host:6379/2`). In a cluster it names one of the nodes; with `sentinel` its host and port have no
   * effect.
   */
  url: { kind: 'url', schemes: ['redis', 'rediss'], default: 'redis://127.0.0.1:6379' },
  /** Number of the logical database. A cluster has only 0. */
  database: { kind: 'count', min: 0, default: 0, unit: 'number' },
  /** An ACL user. Without it, the server's default user. */
  username: { kind: 'text' },
  /** Password of the user. */
  password: { kind: 'secret' },
  /** Prefix of every key. */
  keyPrefix: { kind: 'text', default: '' },
  /** Time limit for opening a connection and making it ready. */
  connectionTimeoutMs: { kind: 'duration', default: 5_000, inFile: 'seconds' },
  /**
   * Time limit of a call without a deadline, including the opening of the connection; with many keys, for each 1,000 of them.
   * It does not apply to `deleteWhere`, the probe and subscriptions.
   */
  budgetMs: { kind: 'duration', default: 250, inFile: 'seconds' },
  /** Time limit of every call, whatever its own deadline. */
  commandTimeoutMs: { kind: 'duration', default: 10_000, inFile: 'seconds' },
  /** Time limit of a call that scans all keys (`deleteWhere`); each of its commands still has `commandTimeoutMs`. */
  scanTimeoutMs: { kind: 'duration', default: 60_000, inFile: 'seconds' },
  /** Calls that wait for the connection or for their replies at most; a further one fails at once with `ConnectionError`. */
  maxPendingCalls: { kind: 'count', min: 1, default: 10_000, unit: 'calls' },
  /** Length of the values in waiting calls from which on calls with values fail at once with `ConnectionError`. */
  maxPendingBytes: { kind: 'count', min: 1, default: 67_108_864, unit: 'bytes' },
  /**
   * Decision of the rate limiter on a request without `onUnavailable` while Redis is unreachable, too slow or refuses: the error, or a
   * decision with `isUnavailable`.
   */
  rateLimitFallback: { kind: 'choice', values: ['reject', 'allow', 'deny'], default: 'reject' },
  /** Size limit of one reply; a connection with a larger one ends, and its calls fail with `CacheError`. */
  maxReplyBytes: { kind: 'count', min: 1, default: 268_435_456, unit: 'bytes' },
  /** The servers that answer reads; a replica needs `sentinel` or a cluster, and its answers may be old. */
  readFrom: { kind: 'choice', values: ['master', 'replica', 'replica-preferred'], default: 'master' },
  /** How changes of cached values by other processes are announced. */
  invalidation: { kind: 'choice', values: ['tracking', 'pubsub', 'none'], default: 'tracking' },
  /** Sentinels that name the current master. */
  sentinel: { kind: 'group', settings: SENTINEL_SETTINGS, optional: true },
  /** A Redis cluster. */
  cluster: { kind: 'group', settings: CLUSTER_SETTINGS },
} as const;

/** The settings of the adapter in code. */
export const REDIS_SETTINGS = {
  ...CONNECTION_SETTINGS,
  /** TLS, which is used whenever this is given, whatever `url` begins with. */
  tls: { kind: 'group', settings: TLS_SETTINGS, optional: true },
} as const;

/** The settings of the adapter in a configuration: TLS is given as files. */
export const REDIS_CONFIG_SETTINGS = {
  ...CONNECTION_SETTINGS,
  /**
   * Prefix of every key. Data layers over different databases that share one Redis need different prefixes, or they answer
   * for each other. The embedded backend adds one that names its data directory where none is set.
   */
  keyPrefix: {
    ...CONNECTION_SETTINGS.keyPrefix,
    pattern: { matches: /^[^\s{}*?[\]]*$/, described: 'a prefix without spaces, braces or wildcards' },
  },
  /** TLS, which is used whenever this table is present, whatever `url` begins with. */
  tls: { kind: 'group', settings: TLS_FILE_SETTINGS, optional: true },
} as const;

/**
 * The Redis to connect to: a single server, one with `sentinel`, or a `cluster`. One connection carries all calls; in a
 * cluster, one to each node.
 */
export type RedisSettings = SettingsInput<typeof REDIS_SETTINGS> & { readonly url: string };
export type RedisSentinelSettings = SettingsInput<typeof SENTINEL_SETTINGS>;
export type CompleteSentinelSettings = SettingsOf<typeof SENTINEL_SETTINGS>;
export type RedisClusterSettings = SettingsOf<typeof CLUSTER_SETTINGS>;
/** The settings with their defaults. */
export type CompleteRedisSettings = SettingsOf<typeof REDIS_SETTINGS>;
