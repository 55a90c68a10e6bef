import { requireKnownKeys, requireObject, ValidationError } from '@quantumtrade/dal-domain';

const OPERATION = 'cache.keyspace';

/** How long the values of one keyspace are kept and how they are loaded. Their life as a whole is the keyspace's `ttlSeconds`. */
export interface KeyspaceOptions {
  /**
   * The greatest age of a first-level value while changes may be missed: while the invalidations are disconnected, and for
   * values loaded while the second level does not answer. With 0, no value is kept during that time. @default 0 (milliseconds)
   */
  readonly stalenessMs?: number;
  /** The longest time on the first level. @default as long as on the second level (milliseconds) */
  readonly l1TtlMs?: number;
  /** How long the absence of a value is cached; 0 means not at all. @default 0 (milliseconds) */
  readonly negativeTtlMs?: number;
  /**
   * How long after its time `getOrLoad` still serves a value while it is reloaded. The second level keeps it that much
   * longer. @default 0 (milliseconds)
   */
  readonly staleWhileRevalidateMs?: number;
  /** The share of a value's life after which `getOrLoad` reloads it; 1 means never early. @default 1 */
  readonly eagerRefreshAt?: number;
  /** The greatest share by which times to live are shortened at random, so that values expire apart. @default 0 */
  readonly jitter?: number;
  /**
   * Whether the other processes wait while one loads a missing value. With false each process loads it once, and the first
   * value is stored. @default false
   */
  readonly onceInCluster?: boolean;
  /** The longest time of a load. @default 10,000 (milliseconds) */
  readonly loadTimeoutMs?: number;
  /**
   * Whether a load ends at `loadTimeoutMs` and with its last caller even where its loader does not. With false, loaders must end by
   * the limits that they receive. @default true
   */
  readonly endsLateLoads?: boolean;
  /** Concurrent loads while the second level does not answer; further ones wait. @default 32 (loads) */
  readonly maxDegradedLoads?: number;
}

const defaults: Required<KeyspaceOptions> = {
  stalenessMs: 0,
  l1TtlMs: Infinity,
  negativeTtlMs: 0,
  staleWhileRevalidateMs: 0,
  eagerRefreshAt: 1,
  jitter: 0,
  onceInCluster: false,
  loadTimeoutMs: 10_000,
  endsLateLoads: true,
  maxDegradedLoads: 32,
};

const NEVER_NEGATIVE = ['stalenessMs', 'l1TtlMs', 'negativeTtlMs', 'staleWhileRevalidateMs'] as const;

/** Returns the options with their defaults. Throws `ValidationError` for a wrong one. */
export function resolveKeyspaceOptions(options: KeyspaceOptions): Required<KeyspaceOptions> {
  requireKnownKeys(requireObject('options', options, OPERATION), Object.keys(defaults), OPERATION);
  const all = { ...defaults, ...options };
  const require = (name: keyof KeyspaceOptions, isRight: boolean, what: string) => {
    if (!isRight) throw new ValidationError(name, what, { operation: OPERATION });
  };
  for (const name of NEVER_NEGATIVE) require(name, all[name] >= 0, 'must be at least 0');
  require('eagerRefreshAt', all.eagerRefreshAt > 0 &&
    all.eagerRefreshAt <= 1, 'must be above 0 and at most 1');
  require('jitter', all.jitter >= 0 && all.jitter < 1, 'must be at least 0 and below 1');
  require('loadTimeoutMs', all.loadTimeoutMs > 0, 'must be above 0');
  require('maxDegradedLoads', all.maxDegradedLoads >= 1, 'must be at least 1');
  return all;
}
