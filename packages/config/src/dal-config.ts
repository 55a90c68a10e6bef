import type { Secret } from './secret.js';

/** Everything the data layer can be told, with defaults filled in. Times are in milliseconds. */
export interface DalConfig {
  /**
   * What stores the data: servers of one's own, an engine started in place, or this process's memory.
   * Default is `embedded`.
   */
  readonly backend: 'clickhouse-redis' | 'embedded' | 'memory';
  readonly clickhouse: ClickHouseConfig;
  readonly redis: RedisConfig;
  readonly embedded: EmbeddedConfig;
}

export interface ClickHouseConfig {
  /** HTTP address, without credentials or a path. Default is `http://127.0.0.1:8123`. */
  readonly url: string;
  /** Default is `quantumtrade`. */
  readonly database: string;
  /** Default is `app_user`. */
  readonly username: string;
  /** Undefined when the user has none, which is the default. */
  readonly password: Secret | undefined;
  /** How long a connection may take to open. Default is 30,000. */
  readonly connectionTimeoutMs: number;
  /** How long one request may take. Default is 120,000. */
  readonly requestTimeoutMs: number;
  /** Connections held open at most. Default is 20. */
  readonly maxConnections: number;
  /** Whether request and response bodies are compressed. Default is true. */
  readonly compression: boolean;
  /** Rows of one inserted block at most. Default is 100,000. */
  readonly maxInsertBlockSize: number;
  /** Bytes of one query's text at most. Default is 262,144. */
  readonly maxQuerySize: number;
  readonly retry: RetryConfig;
}

export interface RetryConfig {
  /** Attempts in all, the first included. Default is 3. */
  readonly maxAttempts: number;
  /** Delay before the second attempt. Default is 100. */
  readonly initialDelayMs: number;
  /** No delay grows beyond this. Default is 5,000. */
  readonly maxDelayMs: number;
  /** Each delay is this many times the one before. Default is 2. */
  readonly backoffMultiplier: number;
}

export interface RedisConfig {
  /** Address, without credentials or a path; `rediss:` for TLS. Default is `redis://127.0.0.1:6379`. */
  readonly url: string;
  /** Number of the logical database. Default is 0. */
  readonly database: number;
  /** Undefined for Redis's default user, which is the default. */
  readonly username: string | undefined;
  /** Undefined when none is needed, which is the default. */
  readonly password: Secret | undefined;
  /** How long a connection may take to open. Default is 5,000. */
  readonly connectionTimeoutMs: number;
  /** How long one command may take. Default is 10,000. */
  readonly commandTimeoutMs: number;
  /** Connections held open at most; one carries all calls today, so this has no effect. Default is 50. */
  readonly maxConnections: number;
  /** Unused connections kept at most; without effect, as `maxConnections`. Default is 10. */
  readonly maxIdle: number;
  /** Age at which a connection is replaced; without effect, as `maxConnections`. Default is 300,000. */
  readonly connectionLifetimeMs: number;
  readonly cluster: RedisClusterConfig;
}

export interface RedisClusterConfig {
  /** Whether `url` names a node of a Redis cluster. Default is false. */
  readonly enabled: boolean;
  /** Redirections followed for one command at most. Default is 3. */
  readonly maxRedirections: number;
  /** Delay before a command is sent again while the cluster moves slots. Default is 100. */
  readonly retryDelayMs: number;
}

/** Used by the `embedded` backend only. */
export interface EmbeddedConfig {
  /** Where the engine keeps its data, relative to the working directory. Default is `.qtdal/clickhouse`. */
  readonly dataDirectory: string;
}
