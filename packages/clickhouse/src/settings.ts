import {
  TLS_FILE_SETTINGS,
  TLS_SETTINGS,
  type SettingsInput,
  type SettingsOf,
} from '@quantumtrade/dal-runtime';

/** How reads, inserts and replays are repeated. What is journaled or committed is tried until it is stored. */
const RETRY_SETTINGS = {
  /** Attempts in all; 1 never retries. */
  maxAttempts: { kind: 'count', min: 1, default: 3, unit: 'attempts' },
  /** Bound of the first delay. */
  initialDelayMs: { kind: 'duration', min: 0, default: 100, inFile: 'milliseconds' },
  /** Bound of every delay. */
  maxDelayMs: { kind: 'duration', min: 0, default: 5_000, inFile: 'milliseconds' },
  /** Factor by which the bound grows with each delay; 1 keeps it constant. */
  backoffMultiplier: { kind: 'factor', default: 2 },
} as const;

/** One server among several. */
const ENDPOINT_SETTINGS = {
  /** HTTP or HTTPS address without credentials and path. Each address of a DNS name with several of them is an endpoint. */
  url: { kind: 'url', schemes: ['http', 'https'], required: true },
  /** `primary`: reads and writes. `replica`: reads. `backup`: what a primary does, while no primary can be used. */
  role: { kind: 'choice', values: ['primary', 'replica', 'backup'], default: 'primary' },
  /**
   * Name of the shard whose copy the server has: with `cluster`, its number. An insert is repeated within the shard that it was first
   * sent to.
   */
  shard: { kind: 'text', default: '1' },
  /** Share of the reads, in proportion to those of the others. */
  weight: { kind: 'count', min: 1, default: 1, unit: 'shares' },
} as const;

/** How an endpoint among several that fails is taken out of use, and how it returns. */
const FAILOVER_SETTINGS = {
  /** Least time between two probes of an endpoint. A host that stops answering is noticed within it and `probeTimeoutMs`. */
  probeIntervalMs: { kind: 'duration', default: 1_000, inFile: 'milliseconds' },
  /** Time limit of a probe. */
  probeTimeoutMs: { kind: 'duration', default: 500, inFile: 'milliseconds' },
  /** Connection errors in a row after which an endpoint is ejected. */
  failuresToEject: { kind: 'count', min: 1, default: 3, unit: 'failures' },
  /** Time of the first ejection of an endpoint that fails more calls than the others; the n-th takes n times as long. */
  ejectionMs: { kind: 'duration', default: 30_000, inFile: 'seconds' },
  /** Longest ejection. */
  maxEjectionMs: { kind: 'duration', default: 300_000, inFile: 'seconds' },
  /** Period over which endpoints are compared, and after which a healthy one has an ejection less. */
  sweepIntervalMs: { kind: 'duration', default: 10_000, inFile: 'seconds' },
  /** Time after which the addresses of DNS names are looked up again. */
  dnsRefreshMs: { kind: 'duration', default: 30_000, inFile: 'seconds' },
} as const;

/** When a slow read is sent to a second endpoint as well; never by default. */
const HEDGE_SETTINGS = {
  /** After the time that this share of the latest reads of its operation took, such as 95; 0 never. */
  percentile: { kind: 'count', min: 0, default: 0, unit: 'percent' },
  /** After this time, in place of `percentile`; 0 never. */
  afterMs: { kind: 'duration', min: 0, default: 0, inFile: 'milliseconds' },
} as const;

/** Number of shards from some month on. */
const LAYOUT_SETTINGS = {
  /** First month, such as `2026-12`, whose rows are spread in this way; none for the first layout. */
  from: {
    kind: 'text',
    pattern: { matches: /^\d{4}-(0[1-9]|1[0-2])$/, described: 'a month such as 2026-12' },
    default: '',
  },
  /** Shards that the rows are spread over: those named `1` up to this number. */
  shards: { kind: 'count', min: 1, default: 1, unit: 'shards' },
} as const;

/** A sharded cluster: what its servers call it, who copies rows, and where they are stored. */
const CLUSTER_SETTINGS = {
  /** Name of the cluster in the servers' configuration (`remote_servers`), whose shards are those of `endpoints` in the order of their numbers. */
  name: {
    kind: 'text',
    pattern: { matches: /^\w[\w.-]*$/, described: 'a name made of letters, digits, _, . and -' },
    required: true,
  },
  /**
   * Way in which a block reaches all copies of its shard. `replicated`: the servers, with replicated tables. `written`: the writer, which
   * acknowledges a block when all copies have it; every copy then answers for every acknowledged row.
   */
  copies: { kind: 'choice', values: ['replicated', 'written'], default: 'replicated' },
  /**
   * Copies of a shard that have a block before it is acknowledged, where they are `replicated`. `majority`: most of them, with two copies
   * both; writes wait while fewer can be reached. `one`: the copy that it was sent to, with which it can be lost.
   */
  quorum: { kind: 'choice', values: ['majority', 'one'], default: 'majority' },
  /** Over how many shards the rows of each month are spread, the earliest month first. A later layout moves no row of an earlier month. */
  layout: { kind: 'list', of: LAYOUT_SETTINGS, default: [] },
} as const;

const CONNECTION_SETTINGS = {
  /**
   * HTTP or HTTPS address of the server. A configuration may put credentials and the database into it. With `endpoints` its host
   * and port have no effect.
   */
  url: { kind: 'url', schemes: ['http', 'https'], default: 'http://127.0.0.1:8123' },
  /** The servers, where there are several; `url` alone stands for one primary. The order of primaries is that of their use. */
  endpoints: { kind: 'list', of: ENDPOINT_SETTINGS, default: [] },
  /** The sharded cluster that `endpoints` are the servers of. Without it, all of them are copies of one store. */
  cluster: { kind: 'group', settings: CLUSTER_SETTINGS, optional: true },
  /** The database, named with letters, digits, `_` and `-`. It need not exist before `schema.initialize()`. */
  database: { kind: 'text', default: 'quantumtrade' },
  /** The user. */
  username: { kind: 'text', default: 'app_user' },
  /** Password of the user. */
  password: { kind: 'secret' },
  /** Time limit for opening a connection. */
  connectionTimeoutMs: { kind: 'duration', default: 30_000, inFile: 'seconds' },
  /**
   * Time limit of a call without a deadline, and of each query of a call with a later one. A `find`, `columns`, `aggregate` or
   * `dueForEvaluation` whose query ends at this limit is read again by shorter queries until the deadline if it can be divided; any other
   * call fails.
   */
  requestTimeoutMs: { kind: 'duration', default: 120_000, inFile: 'seconds' },
  /**
   * Calls served at once by each endpoint, each on a connection of its own; further calls wait for one. Two more connections may serve
   * pings and probes, two more end abandoned queries, and two more wait for replication.
   */
  maxConnections: { kind: 'count', min: 1, default: 20, unit: 'connections' },
  /**
   * Whether the calls served at once by an endpoint adapt to how long they take: fewer while the server is slower than without a queue
   * of its own, or says that it is overloaded, and `maxConnections` at most.
   */
  adaptiveLimit: { kind: 'flag', default: false },
  /** Calls that may wait for a connection to one endpoint; further ones fail at once with a retryable `ConnectionError`. */
  maxQueuedCalls: { kind: 'count', min: 0, default: 10_000, unit: 'calls' },
  /** A read of more rows fails with `QueryError`: ask for less, or page. */
  maxResultRows: { kind: 'count', min: 1, default: 500_000, unit: 'rows' },
  /** A read of more bytes, decompressed, fails with `QueryError`. */
  maxResultBytes: { kind: 'count', min: 1, default: 268_435_456, unit: 'bytes' },
  /** Limit of a page for which the caller gives none. */
  defaultPageRows: { kind: 'count', min: 1, default: 10_000, unit: 'rows' },
  /** Rows that a read of a whole selection may scan unless its caller allows more by `maxScanRows`. */
  scanBudgetRows: { kind: 'count', min: 1, default: 1_000_000_000, unit: 'rows' },
  /** Whether answers are compressed: faster only over links below about 500 Mbit/s. Inserts never are: compressing takes longer than storing. */
  compression: { kind: 'flag', default: false },
  /** Rows of one insert, of a batch or of a block; more rows become more inserts. */
  maxInsertBlockSize: { kind: 'count', min: 1, default: 100_000, unit: 'rows' },
  /** Size limit of a query's text, bound values not counted. */
  maxQuerySize: { kind: 'count', min: 1, default: 262_144, unit: 'bytes' },
  /** Retries of reads, inserts, batch writers and replays. What is journaled or committed is tried until it is stored. */
  retry: { kind: 'group', settings: RETRY_SETTINGS },
  /** Time that calls under way are given when the connection closes or their endpoint is removed. */
  drainTimeoutMs: { kind: 'duration', default: 5_000, inFile: 'seconds' },
  /**
   * Slow reads among several endpoints: another one is asked as well, the first answer counts, and the other query is killed. Second
   * queries and retries together stay within a tenth of the calls.
   */
  hedge: { kind: 'group', settings: HEDGE_SETTINGS },
  /** Health of several endpoints. Without effect on a single one, which is never taken out of use. */
  failover: { kind: 'group', settings: FAILOVER_SETTINGS },
} as const;

/** Ages in days, by the timestamp, from which the rows of one record are deleted, moved and recompressed. */
const RECORD_RETENTION = {
  /** Age at which rows are deleted, at least that of the other ages; 0 never. */
  deleteAfterDays: { kind: 'count', min: 0, default: 0, unit: 'days' },
  /** Age at which rows are moved to `moveToVolume`; 0 never. */
  moveAfterDays: { kind: 'count', min: 0, default: 0, unit: 'days' },
  /** Volume of the table's storage policy, for rows to be moved to. */
  moveToVolume: {
    kind: 'text',
    pattern: { matches: /^[\w-]+$/, described: 'a name made of letters, digits, _ and -' },
  },
  /** Age at which columns without a codec of their own are compressed by ZSTD; 0 never. */
  recompressAfterDays: { kind: 'count', min: 0, default: 0, unit: 'days' },
  /** Level of ZSTD, 22 at most. */
  recompressLevel: { kind: 'count', min: 1, default: 3, unit: 'level' },
} as const;

/** Retention of each record's rows. Nothing is applied before `storage.apply` is called. */
export const RETENTION_SETTINGS = {
  /** Bars. */
  marketData: { kind: 'group', settings: RECORD_RETENTION, optional: true },
  /** Sentiment of news. */
  sentiment: { kind: 'group', settings: RECORD_RETENTION, optional: true },
  /** Features. */
  features: { kind: 'group', settings: RECORD_RETENTION, optional: true },
  /** Predictions. */
  predictions: { kind: 'group', settings: RECORD_RETENTION, optional: true },
  /** Outcomes of predictions, by the timestamp of the prediction. */
  outcomes: { kind: 'group', settings: RECORD_RETENTION, optional: true },
  /** Performance of strategies. */
  strategyPerformance: { kind: 'group', settings: RECORD_RETENTION, optional: true },
} as const;

/** The settings of the adapter in code. */
export const CLICKHOUSE_SETTINGS = {
  ...CONNECTION_SETTINGS,
  /** TLS of all connections; every address then has to be an https address. */
  tls: { kind: 'group', settings: TLS_SETTINGS, optional: true },
} as const;

/** The settings of the adapter in a configuration: TLS is given as files. */
export const CLICKHOUSE_CONFIG_SETTINGS = {
  ...CONNECTION_SETTINGS,
  /** TLS of all connections; every address then has to be an https address. */
  tls: { kind: 'group', settings: TLS_FILE_SETTINGS, optional: true },
} as const;

/**
 * The ClickHouse to connect to. Everything has a default but its address: `url`, or `endpoints` where there are several servers.
 * Addresses have no credentials and no path.
 */
export type ClickHouseSettings = SettingsInput<typeof CLICKHOUSE_SETTINGS> &
  ({ readonly url: string } | { readonly endpoints: readonly EndpointSettings[] });
/** One server among several. Only its `url` has no default. */
export type EndpointSettings = SettingsInput<typeof ENDPOINT_SETTINGS>;
export type CompleteEndpoint = SettingsOf<typeof ENDPOINT_SETTINGS>;
export type EndpointRole = CompleteEndpoint['role'];
export type FailoverSettings = SettingsInput<typeof FAILOVER_SETTINGS>;
export type RetrySettings = SettingsInput<typeof RETRY_SETTINGS>;
export type ClusterSettings = NonNullable<CompleteSettings['cluster']>;
/** The settings with their defaults. */
export type CompleteSettings = SettingsOf<typeof CLICKHOUSE_SETTINGS>;
/** Retention of each record's rows. A record that is left out keeps all rows as they are. */
export type RetentionSettings = SettingsInput<typeof RETENTION_SETTINGS>;
export type CompleteRetention = SettingsOf<typeof RETENTION_SETTINGS>;
/** Retention of one record with its defaults. */
export type RecordRetention = SettingsOf<typeof RECORD_RETENTION>;
