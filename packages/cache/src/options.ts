import { requireKnownKeys, requireObject, ValidationError } from '@quantumtrade/dal-domain';

const OPERATION = 'cache.keyspace';

/** How the values of one keyspace are kept. How long they live at all is the keyspace's own `ttlSeconds`. */
export interface KeyspaceOptions {
  /**
   * How old a value from this process may be while changes may go unheard: while the invalidations are disconnected, and
   * for values loaded while the second level does not answer. Default is 0: none is kept in process then.
   */
  readonly stalenessMs?: number;
  /** How long a value is kept in process at most. Default is as long as the second level keeps it. */
  readonly l1TtlMs?: number;
  /** How long it is remembered that a loader found nothing. Default is 0: not at all. */
  readonly negativeTtlMs?: number;
  /**
   * For how long after its time a value is still served to who can load, while it is reloaded. The second level keeps it
   * for so much longer. Default is 0.
   */
  readonly staleWhileRevalidateMs?: number;
  /** The part of a value's time after which a reader who can load has it reloaded, e.g. 0.8. Default is 1: never early. */
  readonly eagerRefreshAt?: number;
  /** By which part at most times to live are shortened, at random, so that values do not end together. Default is 0. */
  readonly jitter?: number;
  /**
   * Whether one process loads a missing value while the others wait for it. Default is false: each process loads it once,
   * the first one's value is stored.
   */
  readonly onceInCluster?: boolean;
  /** How long a loader may take. Default is 10,000 ms. */
  readonly loadTimeoutMs?: number;
  /** How many loads run at once while the second level does not answer; the others wait. Default is 32. */
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
  maxDegradedLoads: 32,
};

const NEVER_NEGATIVE = ['stalenessMs', 'l1TtlMs', 'negativeTtlMs', 'staleWhileRevalidateMs'] as const;

/** The options with their defaults; throws `ValidationError` for a wrong one. */
export function withDefaults(options: KeyspaceOptions): Required<KeyspaceOptions> {
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
