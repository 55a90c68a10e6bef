import { ValidationError } from '@quantumtrade/dal-domain';

/** Where the Redis is and how long it may take. One connection carries all calls; in a cluster, one to each node. */
export interface RedisSettings {
  /**
   * `redis://host:port`, or `rediss://` for TLS; the port is 6379 if left out. It may hold a user, a password and a
   * database (`redis://user:password@host:6379/2`); the settings below win over them.
   */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Number of the logical database. Default is 0; a cluster has no other. */
  readonly database?: number | undefined;
  /** Put before every key, to keep environments apart in one Redis. Default is none. */
  readonly keyPrefix?: string | undefined;
  /** How long a connection may take to open. Default is 5,000. */
  readonly connectionTimeoutMs?: number | undefined;
  /** How long a call may take, whatever its own deadline. Default is 10,000. */
  readonly commandTimeoutMs?: number | undefined;
  /** When enabled, `url` names one node of a Redis cluster; the others are found through it. */
  readonly cluster?: RedisClusterSettings | undefined;
}

export interface RedisClusterSettings {
  readonly enabled: boolean;
  /** How many redirections one command follows at most. */
  readonly maxRedirections: number;
  /** How long to wait before a command is sent again while the cluster moves slots or elects a master. */
  readonly retryDelayMs: number;
}

/** Where to connect and as whom. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

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
      tls: url.protocol === 'rediss:',
      username: settings.username ?? (decodeURIComponent(url.username) || undefined),
      password: settings.password ?? (decodeURIComponent(url.password) || undefined),
      database,
    };
  } catch {
    throw new ValidationError('url', 'must be redis://host:port or rediss://host:port', {
      operation: 'cache.connect',
    });
  }
}
