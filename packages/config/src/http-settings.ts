/** An accepted token, in a list: one of `token` and `sha256` is given. */
const TOKEN_SETTINGS = {
  /** Name of the user in logs, audit entries and rate limits. */
  user: { kind: 'text', required: true },
  /** Permissions: `read` rows, `write` rows, `operate` (health, metrics, statistics, schema). */
  roles: { kind: 'choices', values: ['read', 'write', 'operate'], default: ['read'] },
  /** The token itself, at least 16 characters. */
  token: { kind: 'secret' },
  /** SHA-256 of the token, in hexadecimal digits. */
  sha256: {
    kind: 'text',
    pattern: { matches: /^[0-9a-f]{64}$/i, described: 'the 64 hexadecimal digits of a SHA-256' },
  },
} as const;

const RATE_LIMIT_SETTINGS = {
  /** Reads of one user in a window; 0 is no limit. */
  reads: { kind: 'count', min: 0, default: 6_000, unit: 'requests' },
  /** Writes of one user in a window, a batch being one; 0 is no limit. */
  writes: { kind: 'count', min: 0, default: 6_000, unit: 'requests' },
  /** Length of the sliding window. */
  windowMs: { kind: 'duration', default: 60_000, inFile: 'seconds' },
  /** Decision while Redis cannot count. */
  fallback: { kind: 'choice', values: ['allow', 'deny'], default: 'allow' },
} as const;

const TICK_SETTINGS = {
  /** Open event streams of ticks; a further one is answered with 503. */
  maxStreams: { kind: 'count', min: 1, default: 100, unit: 'streams' },
  /** Ticks that one stream reads ahead of its client. */
  bufferSize: { kind: 'count', min: 1, default: 500, unit: 'ticks' },
  /** Silence after which a comment is sent, so that proxies keep the connection. */
  heartbeatMs: { kind: 'duration', default: 15_000, inFile: 'seconds' },
  /** A client that takes nothing for this long is disconnected. */
  stallTimeoutMs: { kind: 'duration', default: 10_000, inFile: 'seconds' },
} as const;

const STOP_SETTINGS = {
  /** Time for which a stopping service still serves calls, while `/readyz` answers 503. */
  drainDelayMs: { kind: 'duration', min: 0, default: 5_000, inFile: 'seconds' },
  /** Time limit of the whole stop, the drain delay included. */
  graceMs: { kind: 'duration', default: 30_000, inFile: 'seconds' },
} as const;

/** The settings of the HTTP service, which is above this package and cannot declare them. */
export const HTTP_SETTINGS = {
  /** Address to listen on; `0.0.0.0` also takes connections from other machines. */
  host: { kind: 'text', default: '127.0.0.1' },
  /** Port to listen on; 0 chooses a free one. */
  port: { kind: 'count', min: 0, default: 8_080, unit: 'number' },
  /** Areas that need no token: `health` (`/healthz`), `metrics`, `openapi`, `dashboard`, `read` (all reads). `/livez` and `/readyz` never do. */
  open: {
    kind: 'choices',
    values: ['health', 'metrics', 'openapi', 'dashboard', 'read'],
    default: [],
  },
  /** Accepted tokens. In the environment: JSON. */
  tokens: { kind: 'list', of: TOKEN_SETTINGS, default: [] },
  /** Whether tokens of the auth-context store are accepted. Those of its roles named `read`, `write` and `operate` count. */
  authContexts: { kind: 'flag', default: true },
  /** Size limit of a request body. */
  maxBodyBytes: { kind: 'count', min: 1, default: 16_777_216, unit: 'bytes' },
  /** Requests served at the same time; a further one is answered with 503. Probes, health and metrics do not count. */
  maxConcurrentRequests: { kind: 'count', min: 1, default: 200, unit: 'requests' },
  /** Time limit of a request: for its arrival, and for the calls of the data layer that it makes. */
  requestTimeoutMs: { kind: 'duration', default: 30_000, inFile: 'seconds' },
  /** Time limit of an answer as NDJSON or Arrow stream. */
  streamTimeoutMs: { kind: 'duration', default: 600_000, inFile: 'seconds' },
  /** Requests per user. */
  rateLimit: { kind: 'group', settings: RATE_LIMIT_SETTINGS },
  /** The event stream of live ticks. */
  ticks: { kind: 'group', settings: TICK_SETTINGS },
  /** The end of the service, after SIGTERM or SIGINT. */
  stop: { kind: 'group', settings: STOP_SETTINGS },
} as const;
