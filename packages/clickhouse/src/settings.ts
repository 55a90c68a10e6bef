import type { SettingsInput, SettingsOf } from '@quantumtrade/dal-runtime';

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

/** The settings of the ClickHouse adapter. */
export const CLICKHOUSE_SETTINGS = {
  /** HTTP or HTTPS address of the server. A configuration may put credentials and the database into it. */
  url: { kind: 'url', schemes: ['http', 'https'], default: 'http://127.0.0.1:8123' },
  /** The database, named with letters, digits, `_` and `-`. It need not exist before `schema.initialize()`. */
  database: { kind: 'text', default: 'quantumtrade' },
  /** The user. */
  username: { kind: 'text', default: 'app_user' },
  /** Password of the user. */
  password: { kind: 'secret' },
  /** Time limit for opening a connection. */
  connectionTimeoutMs: { kind: 'duration', default: 30_000, inFile: 'seconds' },
  /** Time limit of a call without a deadline, and the longest deadline that a call may ask for. */
  requestTimeoutMs: { kind: 'duration', default: 120_000, inFile: 'seconds' },
  /**
   * Calls served at once, each on a connection of its own; further calls wait for one. One more connection may serve pings, and
   * two more end abandoned queries.
   */
  maxConnections: { kind: 'count', min: 1, default: 20, unit: 'connections' },
  /** Calls that may wait for a connection; further ones fail at once with a retryable `ConnectionError`. */
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
} as const;

/** The ClickHouse to connect to. Everything but the address, which has no credentials and no path, has a default. */
export type ClickHouseSettings = SettingsInput<typeof CLICKHOUSE_SETTINGS> & { readonly url: string };
export type RetrySettings = SettingsInput<typeof RETRY_SETTINGS>;
/** The settings with their defaults. */
export type CompleteSettings = SettingsOf<typeof CLICKHOUSE_SETTINGS>;
