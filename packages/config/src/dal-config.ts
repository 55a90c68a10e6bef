import type { Address } from './addresses.js';
import type { Secret } from './secret.js';

/** Everything the data layer can be told, with defaults filled in. Times are in milliseconds. */
export interface DalConfig {
  /**
   * What stores the data: servers of one's own, an engine started in place, or this process's memory.
   * Default is `clickhouse-redis` when a URL, a username or a password of ClickHouse is set, else `embedded`.
   */
  readonly backend: 'clickhouse-redis' | 'embedded' | 'memory';
  readonly clickhouse: ClickHouseConfig;
  readonly redis: RedisConfig;
  readonly embedded: EmbeddedConfig;
  readonly writer: WriterConfig;
  readonly audit: AuditConfig;
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
  /** Calls that may wait for a connection; further ones fail at once. @default 10,000 (calls) */
  readonly maxQueuedCalls: number;
  /** A read of more rows fails with `QueryError`. @default 500,000 (rows) */
  readonly maxResultRows: number;
  /** A read of more bytes, decompressed, fails with `QueryError`. @default 268,435,456 (bytes, 256 MiB) */
  readonly maxResultBytes: number;
  /** Whether answers are compressed; inserts never are. Default is true. */
  readonly compression: boolean;
  /** Rows of one insert at most, whichever way they are written. Default is 100,000. */
  readonly maxInsertBlockSize: number;
  /** Bytes of one query's text at most. Default is 262,144. */
  readonly maxQuerySize: number;
  readonly retry: RetryConfig;
}

/** How attempts are repeated: reads, direct inserts, batch writers, transactions and replays. */
export interface RetryConfig {
  /** Attempts in all, the first included; what is journaled or committed is tried until it is stored. Default is 3. */
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
  /**
   * Put before every key. Data layers over different databases that share one Redis need different prefixes, or they answer
   * for each other. Default is none; the embedded backend then adds one that names its data directory.
   */
  readonly keyPrefix: string;
  /** How long a connection may take to open. Default is 5,000. */
  readonly connectionTimeoutMs: number;
  /** How long a call without a deadline may take, and one of the two-level cache. Default is 250. */
  readonly budgetMs: number;
  /** How long one command may take. Default is 10,000. */
  readonly commandTimeoutMs: number;
  /** How long a call may take that looks at all keys, one command after the other. Default is 60,000. */
  readonly scanTimeoutMs: number;
  /** Who answers reads; needs `sentinel` or a cluster. What a replica answers may be old. Default is `master`. */
  readonly readFrom: 'master' | 'replica' | 'replica-preferred';
  /** How changes by other processes are learnt of. Default is `tracking`. */
  readonly invalidation: 'tracking' | 'pubsub' | 'none';
  /** How TLS is spoken. Undefined, which is the default, leaves it to `url` and to what Node.js trusts. */
  readonly tls: RedisTlsConfig | undefined;
  /** Undefined, which is the default, when no Sentinels watch the server. */
  readonly sentinel: RedisSentinelConfig | undefined;
  readonly cluster: RedisClusterConfig;
}

/** Where there is one, TLS is spoken, whatever the URL begins with. Files are PEM, relative to the working directory. */
export interface RedisTlsConfig {
  /** The authorities to trust. Undefined, which is the default, for those that Node.js trusts. */
  readonly caFile: string | undefined;
  /** The client's certificate and its key. Undefined, which is the default, when it shows none. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** The name that the servers' certificates have. Undefined, which is the default, for the host connected to. */
  readonly servername: string | undefined;
  /** Whether a certificate that does not hold ends the connection. Default is true. */
  readonly rejectUnauthorized: boolean;
}

/** Where there is one, the host of the URL counts for nothing: the Sentinels tell where the master is. */
export interface RedisSentinelConfig {
  /** What the Sentinels call the master. */
  readonly name: string;
  /** Some of the Sentinels; their default port is 26379. */
  readonly nodes: readonly Address[];
  /** Who they take this client for. Undefined, which is the default, for their default user. */
  readonly username: string | undefined;
  /** Undefined, which is the default, when they ask for none. */
  readonly password: Secret | undefined;
}

export interface RedisClusterConfig {
  /** Whether `url` names a node of a Redis cluster. Default is false. */
  readonly enabled: boolean;
  /** More nodes to find the cluster through; their default port is 6379. Default is none. */
  readonly nodes: readonly Address[];
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

/** The trail of modifications on this machine's disk. */
export interface AuditConfig {
  /** Where it is kept, relative to the working directory. Undefined, which is the default, when none is. */
  readonly directory: string | undefined;
  /** Who its entries name. Undefined, which is the default, leaves that to the application. */
  readonly actor: string | undefined;
  /** What lines are sealed with, so that nobody without it can make others. Undefined when there is none. */
  readonly key: Secret | undefined;
}

/** How rows are written. The `memory` backend uses `maxFutureSkewMs` alone. */
export interface WriterConfig {
  /**
   * Where batch writers keep what is not in the store, relative to the working directory: the journal in `journal`, dead
   * letters in `dead-letters`. Each store needs a directory of its own. Default is `.qtdal/writer`.
   */
  readonly directory: string;
  /** Whether a write resolves after the store's answer or once it is in the journal. Default is `acknowledged`. */
  readonly durability: 'acknowledged' | 'journaled';
  /** A batch dated further ahead of the clock is refused, however it is written. Default is 300,000. */
  readonly maxFutureSkewMs: number;
}
