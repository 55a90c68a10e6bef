import type { TableGuarantees } from './ports/guarantees.js';
import type { RowError } from './records/row.js';

/** Rows with what is worth knowing about how they were got. */
export interface QueryResult<T> {
  data: T[];
  /** How many rows match, also beyond `limit`. Where the question is for the newest rows, how many those are. */
  totalCount: number;
  executionTimeMs: number;
  /**
   * True when the database was not asked for this call: the answer came from the cache, or from what another call was asking
   * the database for at the same time.
   */
  cacheHit: boolean;
}

/** Outcome of a batch. `insertedCount + updatedCount + failedCount` is the number of rows given. */
export interface BatchResult {
  /** Rows whose key was new. */
  insertedCount: number;
  /** Accepted rows whose key was there already, in the store or earlier in the same batch. */
  updatedCount: number;
  /** Rows that lost to a newer version already stored, and are not what readers see. They count in `updatedCount` too. */
  supersededCount: number;
  /** Rows that were refused; each has its entry in `errors`. */
  failedCount: number;
  /** Accepted rows in which a decimal was rounded because the batch allows it; see `rounding`. */
  roundedCount: number;
  executionTimeMs: number;
  errors: RowError[];
}

/** Figures since the data layer was opened. */
export interface DatabaseMetrics {
  /** Milliseconds, from a histogram of all calls on the store, those that the cache answered included. */
  queryLatencyP50: number;
  queryLatencyP95: number;
  queryLatencyP99: number;
  /** Connections open to the servers now. */
  connectionCount: number;
  /** Hits divided by lookups of the read-through cache, 0 to 1; 0 before the first lookup. A call that has loaded is none. */
  cacheHitRate: number;
  /** Lookups that were answered out of this process, those of real-time values, sessions and auth contexts among them. */
  cacheL1Hits: number;
  /** Lookups answered by the cache's server. Concurrent lookups of one key count once. */
  cacheL2Hits: number;
  /** Failed calls divided by all calls, 0 to 1; 0 before the first call. */
  errorRate: number;
}

/** State of the cache as seen by this process. Reads are answered in any state: by the store if need be. */
export interface CacheState {
  /** Whether changes by other processes are received. If not, no value is kept in this process. */
  invalidationsConnected: boolean;
  /** Why they are not received; missing while they are, and while the reason is unknown. */
  disconnectedReason?: string;
  /** Reads of the cache's server are suspended for a while when they keep failing. Then each read asks the store. */
  reads: 'made' | 'suspended';
  /** Writes likewise. While they are suspended, loaded values are not cached. */
  writes: 'made' | 'suspended';
}

/** A batch writer whose journal is not delivered because the store refuses the login, the certificate or the like. */
export interface PausedDelivery {
  /** Blocks that wait. They are delivered when the store takes them again. */
  readonly journaledBlocks: number;
  readonly reason: string;
}

export interface HealthStatus {
  clickhouseHealthy: boolean;
  redisHealthy: boolean;
  /** Why the store does not answer; missing while it does. */
  clickhouseError?: string;
  /** Why the cache does not answer; missing while it does. */
  redisError?: string;
  cache: CacheState;
  /** Version of the migrated schema, 0 when there is none or the store does not answer. */
  schemaVersion: number;
  connectionCount: number;
  lastSuccessfulQuery: Date | null;
  /** Guarantees of each record's table, inspected within the last minute; null while unknown. */
  guarantees: readonly TableGuarantees[] | null;
  /** Batch writers whose journal the store does not take until somebody mends it; missing while there is none. */
  pausedDeliveries?: readonly PausedDelivery[];
  /** Transactions that are committed and wait to be applied; missing while there is none and nothing fails. */
  transactions?: {
    pending: number;
    /** Why the first of them was not applied at the last attempt, or null. */
    delayedBy: string | null;
  };
}
