import { keysOf, requireKnownKeys, requireObject, ValidationError } from '@quantumtrade/dal-domain';

/**
 * Where the Redis is and how long it may take: a single server, or one with `sentinel`, or a `cluster`. One connection
 * carries all calls; in a cluster, one to each node.
 */
export interface RedisSettings {
  /**
   * `redis://host:port`, or `rediss://` for TLS; the port is 6379 if left out. It may hold a user, a password and a
   * database (`redis://user:password@host:6379/2`); the settings below win over them. In a cluster it names one of the
   * nodes; with `sentinel` its host and port count for nothing.
   */
  readonly url: string;
  /** An ACL user. Default is the server's default user. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Number of the logical database. Default is 0; a cluster has no other. */
  readonly database?: number | undefined;
  /** Put before every key, to keep environments apart in one Redis. Default is none. */
  readonly keyPrefix?: string | undefined;
  /** How long a connection may take to open, and then to get ready. Default is 5,000. */
  readonly connectionTimeoutMs?: number | undefined;
  /**
   * How long a call may take that has no deadline of its own, the opening of the connection included; with many keys it has as long
   * for each 1,000 of them. It does not hold for `deleteWhere`, for the probe and for subscriptions. Default is 250.
   */
  readonly budgetMs?: number | undefined;
  /** How long a call may take, whatever its own deadline. Default is 10,000. */
  readonly commandTimeoutMs?: number | undefined;
  /**
   * How long a call may take that looks at all keys (`deleteWhere`), whatever its own deadline; each of its commands still
   * has `commandTimeoutMs`. Default is 60,000.
   */
  readonly scanTimeoutMs?: number | undefined;
  /**
   * How many bytes one reply of the server may have; a connection with a larger one ends, and its calls fail with `CacheError`.
   * Default is 268,435,456 (256 MiB).
   */
  readonly maxReplyBytes?: number | undefined;
  /** How the servers are known for themselves. Given, it means TLS, whatever `url` begins with. */
  readonly tls?: RedisTlsSettings | undefined;
  /** Sentinels that know which server is the master. */
  readonly sentinel?: RedisSentinelSettings | undefined;
  /** When enabled, `url` names one node of a Redis cluster; the others are found through it. */
  readonly cluster?: RedisClusterSettings | undefined;
  /** Who answers reads; needs `sentinel` or a cluster. Default is `master`. */
  readonly readFrom?: ReadFrom | undefined;
  /** How changes of cached values are told of. Default is `tracking`. */
  readonly invalidation?: InvalidationMode | undefined;
}

/**
 * How `invalidations` comes to know of changes.
 *
 * - `tracking`: the server tells of every write, eviction and flush, whoever makes it (`CLIENT TRACKING`). Where it
 *   refuses to, listeners stay disconnected.
 * - `pubsub`: for proxies and users that may not track. Every write through this adapter, with the same setting and
 *   prefix, publishes its keys. Other clients' writes, evictions and flushes are not heard of, nor is a write whose
 *   connection broke: who keeps values elsewhere has stale ones until their time is over.
 * - `none`: listeners stay disconnected.
 */
export type InvalidationMode = 'tracking' | 'pubsub' | 'none';

/**
 * Who answers reads. Writes and scripts always go to a master.
 *
 * - `master`: what was written is what is read.
 * - `replica`: a replica, and where the cluster knows of none for a key, its master. A read fails, to be retried, while
 *   the replica cannot be reached.
 * - `replica-preferred`: the same, but the master while no replica can be reached.
 *
 * A replica answers with what it had a moment ago: one's own write may not be there yet, and while the replica is cut
 * off from its master its answers may be older without limit.
 */
export type ReadFrom = 'master' | 'replica' | 'replica-preferred';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** All texts are PEM. */
export interface RedisTlsSettings {
  /** The authorities to trust. Default is those that Node.js trusts. */
  readonly ca?: string | undefined;
  /** This client's certificate and its key, where the server asks for one. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The name that the servers' certificates must have. Default is the host that is connected to. */
  readonly servername?: string | undefined;
  /** Whether a certificate that does not hold ends the connection. Default is true; false trusts anyone. */
  readonly rejectUnauthorized?: boolean | undefined;
}

export interface RedisSentinelSettings {
  /** What the Sentinels call the master. */
  readonly name: string;
  /** Some of the Sentinels; the others are found through them. */
  readonly nodes: readonly Address[];
  /** Who the Sentinels take this client for. Default is nobody, whatever the servers ask for. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface RedisClusterSettings {
  readonly enabled: boolean;
  /** More nodes to find the cluster through, where the one of `url` does not answer. Default is none. */
  readonly nodes?: readonly Address[] | undefined;
  /** How many redirections one command follows at most. */
  readonly maxRedirections: number;
  /** How long to wait before a command is sent again while the cluster moves slots or elects a master. */
  readonly retryDelayMs: number;
}

/** Where to connect and as whom. */
export interface Endpoint extends Address {
  /** Undefined where TLS is not spoken. */
  readonly tls: RedisTlsSettings | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

const operation = 'cache.connect';

/** Takes the settings' address apart; throws `ValidationError`, which does not show it, when it is none. */
export function endpointOf(settings: RedisSettings): Endpoint {
  try {
    const url = new URL(settings.url);
    const database = settings.database ?? Number(url.pathname.slice(1));
    if (!/^rediss?:$/.test(url.protocol) || url.hostname === '' || !Number.isSafeInteger(database)) {
      throw new TypeError('not an address of a Redis');
    }
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(url.port || 6379),
      tls: settings.tls ?? (url.protocol === 'rediss:' ? {} : undefined),
      username: settings.username ?? (decodeURIComponent(url.username) || undefined),
      password: settings.password ?? (decodeURIComponent(url.password) || undefined),
      database,
    };
  } catch {
    throw new ValidationError('url', 'must be redis://host:port or rediss://host:port', { operation });
  }
}

const SETTINGS = keysOf<RedisSettings>({
  ...{ url: true, username: true, password: true, database: true, keyPrefix: true, budgetMs: true },
  ...{ connectionTimeoutMs: true, commandTimeoutMs: true, scanTimeoutMs: true, maxReplyBytes: true },
  ...{ tls: true, sentinel: true, cluster: true, readFrom: true, invalidation: true },
});
const NESTED_SETTINGS = {
  tls: keysOf<RedisTlsSettings>({
    ca: true,
    cert: true,
    key: true,
    servername: true,
    rejectUnauthorized: true,
  }),
  sentinel: keysOf<RedisSentinelSettings>({ name: true, nodes: true, username: true, password: true }),
  cluster: keysOf<RedisClusterSettings>({
    enabled: true,
    nodes: true,
    maxRedirections: true,
    retryDelayMs: true,
  }),
};
const TIMES = ['connectionTimeoutMs', 'budgetMs', 'commandTimeoutMs', 'scanTimeoutMs'] as const;

/** Throws `ValidationError` for unknown settings, for those that contradict each other, and for a time that is none. */
export function requireSettings(settings: RedisSettings): void {
  requireKnownKeys(requireObject('settings', settings, operation), SETTINGS, operation);
  for (const [name, known] of Object.entries(NESTED_SETTINGS)) {
    const nested = settings[name as keyof typeof NESTED_SETTINGS];
    if (nested !== undefined)
      requireKnownKeys(requireObject(name, nested, operation), known, operation, name);
  }
  const { sentinel, cluster, readFrom = 'master' } = settings;
  const refuse = (field: string, reason: string): never => {
    throw new ValidationError(field, reason, { operation });
  };
  if (sentinel && cluster?.enabled) refuse('sentinel', 'a cluster has none');
  if (sentinel && sentinel.nodes.length === 0) refuse('sentinel', 'must name a node');
  if (readFrom !== 'master' && !sentinel && !cluster?.enabled) {
    refuse('readFrom', 'replicas are known with sentinel or a cluster only');
  }
  const { maxReplyBytes = 1 } = settings;
  if (!isPositive(maxReplyBytes)) refuse('maxReplyBytes', 'must be more than 0');
  for (const field of TIMES) {
    const { [field]: ms = 1 } = settings;
    if (!isPositive(ms)) refuse(field, 'must be more than 0');
  }
}

const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0;
