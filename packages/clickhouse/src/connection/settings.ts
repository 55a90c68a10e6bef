import { requireKnownKeys, ValidationError } from '@quantumtrade/dal-domain';

/** How to reach ClickHouse. Everything but the address has a default. */
export interface ClickHouseSettings {
  /** HTTP or HTTPS address, without credentials or a path, e.g. `http://127.0.0.1:8123`. */
  readonly url: string;
  /** Default is `quantumtrade`. It need not exist before `schema.initialize()`. */
  readonly database?: string;
  /** Default is `default`. */
  readonly username?: string;
  /** Default is none. */
  readonly password?: string;
  /** How long a connection may take to open. Default is 30,000. */
  readonly connectionTimeoutMs?: number;
  /** The deadline of a call that names none, and the longest that any call may ask for. Default is 120,000. */
  readonly requestTimeoutMs?: number;
  /**
   * Calls served at once, each on a connection of its own; further calls wait for one. Beside them there may be one connection
   * for pings and two that end abandoned queries. Default is 20.
   */
  readonly maxConnections?: number;
  /** Calls that may wait for a connection; further ones fail at once with a retryable `ConnectionError`. Default is 10,000. */
  readonly maxQueuedCalls?: number;
  /** Rows of one result at most; a read of more fails with `QueryError`. Default is 500,000. */
  readonly maxResultRows?: number;
  /** Bytes of one result at most, decompressed; a read of more fails with `QueryError`. Default is 268,435,456 (256 MiB). */
  readonly maxResultBytes?: number;
  /** Whether answers are compressed. What is sent never is: it takes longer than storing it. Default is `true`. */
  readonly compression?: boolean;
  /** Rows of one insert at most, of a batch or of a block. Default is 100,000. */
  readonly maxInsertBlockSize?: number;
  /** Bytes of a query's text at most, bound values not counted. Default is 262,144. */
  readonly maxQuerySize?: number;
  /** How reads are retried, and inserts of batches: each of them with a token by which it is stored once. */
  readonly retry?: RetrySettings;
}

export interface RetrySettings {
  /** Attempts in all; 1 never retries. Default is 3. */
  readonly maxAttempts?: number;
  /** Default is 100. */
  readonly initialDelayMs?: number;
  /** Default is 5,000. */
  readonly maxDelayMs?: number;
  /** Default is 2. */
  readonly backoffMultiplier?: number;
}

export type CompleteSettings = Required<Omit<ClickHouseSettings, 'retry'>> & {
  readonly retry: Required<RetrySettings>;
};

const RETRY_DEFAULTS = { maxAttempts: 3, initialDelayMs: 100, maxDelayMs: 5_000, backoffMultiplier: 2 };

const DEFAULTS = {
  database: 'quantumtrade',
  username: 'default',
  password: '',
  connectionTimeoutMs: 30_000,
  requestTimeoutMs: 120_000,
  maxConnections: 20,
  maxQueuedCalls: 10_000,
  maxResultRows: 500_000,
  maxResultBytes: 268_435_456,
  compression: true,
  maxInsertBlockSize: 100_000,
  maxQuerySize: 262_144,
};

const OPERATION = 'clickhouse.connect';

/** Fills in the defaults. Throws `ValidationError` for what cannot be right, without repeating it. */
export function completeSettings(settings: ClickHouseSettings): CompleteSettings {
  const url = URL.canParse(settings.url) ? new URL(settings.url) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.pathname !== '/') {
    throw new ValidationError('url', 'must be an http or https address without credentials or a path', {
      operation: OPERATION,
    });
  }
  if (settings.database !== undefined && !/^\w[\w-]*$/.test(settings.database)) {
    throw new ValidationError('database', 'must be made of letters, digits, _ and -', {
      operation: OPERATION,
    });
  }
  requireKnownKeys(settings, [...Object.keys(DEFAULTS), 'url', 'retry'], OPERATION);
  const retry = { ...RETRY_DEFAULTS, ...given(settings.retry ?? {}) };
  requireKnownKeys(retry, Object.keys(RETRY_DEFAULTS), OPERATION, 'retry');
  const complete = { ...DEFAULTS, ...given(settings), url: url.origin, retry };
  checkLimits(complete, LIMITS);
  checkLimits(retry, RETRY_LIMITS, 'retry.');
  return complete;
}

type Limit = readonly [reason: string, holds: (value: number) => boolean];

const COUNT: Limit = ['must be a whole number above 0', (value) => Number.isSafeInteger(value) && value > 0];
const COUNT_OR_NONE: Limit = [
  'must be a whole number, 0 or more',
  (value) => Number.isSafeInteger(value) && value >= 0,
];
const TIME: Limit = ['must be a number above 0', (value) => value > 0];
const TIME_OR_NONE: Limit = ['must be a number, 0 or more', (value) => value >= 0];
const FACTOR: Limit = ['must be a number, 1 or more', (value) => value >= 1 && Number.isFinite(value)];

const LIMITS = {
  connectionTimeoutMs: TIME,
  requestTimeoutMs: TIME,
  maxConnections: COUNT,
  maxQueuedCalls: COUNT_OR_NONE,
  maxResultRows: COUNT,
  maxResultBytes: COUNT,
  maxInsertBlockSize: COUNT,
  maxQuerySize: COUNT,
};
const RETRY_LIMITS = {
  maxAttempts: COUNT,
  initialDelayMs: TIME_OR_NONE,
  maxDelayMs: TIME_OR_NONE,
  backoffMultiplier: FACTOR,
};

function checkLimits(settings: object, limits: Readonly<Record<string, Limit>>, path = ''): void {
  const values = settings as Readonly<Record<string, unknown>>;
  for (const [name, [reason, holds]] of Object.entries(limits)) {
    const value = values[name];
    if (typeof value === 'number' && holds(value)) continue;
    throw new ValidationError(path + name, reason, { operation: OPERATION });
  }
}

/** Leaves out what is undefined, so that it does not hide a default. */
function given<T extends object>(settings: T): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T;
}
