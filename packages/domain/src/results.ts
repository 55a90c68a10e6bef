import type { ArchiveState } from './ports/archive.js';
import type { MissingShards } from './ports/call.js';
import type { TableGuarantees } from './ports/guarantees.js';
import type { EndpointStatus, ServerCondition } from './ports/probe.js';
import type { RowError } from './records/row.js';

/** Rows with their total count and the duration of the call. */
export interface QueryResult<T> {
  data: T[];
  /** Number of matching rows, also beyond the limit. For the newest rows, the number of returned rows. */
  totalCount: number;
  /** Duration of the call in milliseconds; 0 where this process held the answer. */
  executionTimeMs: number;
  /**
   * Whether the call ran no database query: the answer came from the cache, or from a query of a concurrent
   * call.
   */
  cacheHit: boolean;
}

/** A page of a longer answer. */
export interface Page<T> extends Omit<QueryResult<T>, 'totalCount'> {
  /**
   * Number of matching rows, also those on other pages; null where the page does not show them all and the count was not asked
   * for.
   */
  totalCount: number | null;
  /** Whether more rows follow; in any order, whether the limit left rows out. */
  hasMore: boolean;
  /** The parameter `cursor` of the next page; null when there is none. A page in any order has none. */
  nextCursor: string | null;
}

/** A shard whose rows an answer lacks. */
export interface MissingShard {
  /** Number of the shard, from 1 on. */
  readonly shard: number;
  /**
   * Values of the call of which rows may be on the shard: symbols, for performance of strategies their names. Null where the call names none, so that
   * rows of any may be missing.
   */
  readonly values: readonly string[] | null;
  /** Why the shard is missing. */
  readonly reason: string;
}

/** Member of every answer that may lack the rows of shards. */
export interface MissingReport {
  /** The missing shards by their number; empty where the answer is complete. */
  missing: MissingShard[];
}

/** An answer of a read that may allow missing shards. */
export type Reported<T, M extends MissingShards> = M extends 'allowed' ? T & MissingReport : T;

/** Entries of a read that may allow missing shards. */
export type ReportedEntries<T, M extends MissingShards> = M extends 'allowed'
  ? { data: Map<string, T> } & MissingReport
  : Map<string, T>;

/** Outcome of a batch. `insertedCount + updatedCount + failedCount` is the number of rows given. */
export interface BatchResult {
  /** Rows whose key was new. */
  insertedCount: number;
  /** Accepted rows whose key existed already, in the store or earlier in the same batch. */
  updatedCount: number;
  /** Rows superseded by a newer stored version; reads do not return them. `updatedCount` includes them. */
  supersededCount: number;
  /** Refused rows, each with an entry in `errors`. */
  failedCount: number;
  /** Accepted rows in which a decimal was rounded because the batch allows it; see `rounding`. */
  roundedCount: number;
  executionTimeMs: number;
  errors: RowError[];
  /**
   * Token with which a later read sees this write, wherever it is answered: see `readAfter`. Null when no row was accepted. It
   * is neither signed nor encrypted: it names a server and a record.
   */
  writeToken: string | null;
}

/** Metrics since the data layer was opened. */
export interface DatabaseMetrics {
  /** Milliseconds, from a histogram of all store calls, cache hits included. */
  queryLatencyP50: number;
  queryLatencyP95: number;
  queryLatencyP99: number;
  /** Number of open connections to the servers. */
  connectionCount: number;
  /** Hits divided by lookups of the read-through cache, 0 to 1; 0 before the first lookup. A call that ran the loader is a miss. */
  cacheHitRate: number;
  /** Lookups answered by this process, those of real-time values, sessions and auth contexts included. */
  cacheL1Hits: number;
  /** Lookups answered by the cache's server. Concurrent lookups of one key count once. */
  cacheL2Hits: number;
  /** Time that queries of the store went on, or may have, after their callers had left: summed over all queries (seconds). */
  orphanSeconds: number;
  /** Failed calls divided by all calls, 0 to 1; 0 before the first call. */
  errorRate: number;
}

/** State of the cache as seen by this process. In any state, reads fall back to the store. */
export interface CacheState {
  /** Whether changes by other processes are received. Otherwise this process keeps no value. */
  invalidationsConnected: boolean;
  /** Reason for which changes are not received; missing while they are, and while it is unknown. */
  disconnectedReason?: string;
  /** `suspended` while reads of the cache's server keep failing. Then each read queries the store. */
  reads: 'made' | 'suspended';
  /** `suspended` while writes to the cache's server keep failing. Then loaded values are not cached. */
  writes: 'made' | 'suspended';
}

/** A batch writer whose journal is not delivered because the store refuses the login, the certificate or the like. */
export interface PausedDelivery {
  /** Number of waiting blocks. They are delivered when the store accepts them again. */
  readonly journaledBlocks: number;
  readonly reason: string;
}

export interface HealthStatus {
  /**
   * Whether calls are served: the data layer is open, and the store answers and has a schema. Reads do without the cache, so that
   * its outage degrades the data layer and does not stop it.
   */
  ready: boolean;
  /** Reasons for which the data layer works worse than it could, for people; empty while there are none. */
  degradedBy: readonly string[];
  clickhouseHealthy: boolean;
  redisHealthy: boolean;
  /** Reason for which the store does not answer; missing while it does. */
  clickhouseError?: string;
  /** Reason for which the cache does not answer; missing while it does. */
  redisError?: string;
  cache: CacheState;
  /** State of each server of the store; missing for a store without servers. */
  endpoints?: readonly EndpointStatus[];
  /** Condition of each server of the store, asked within the last ten seconds; missing while unknown, and for a store without servers. */
  servers?: readonly ServerCondition[];
  /** Version of the migrated schema, 0 when there is none or the store does not answer. */
  schemaVersion: number;
  /** Migrations of this release that are not applied; 0 while the store does not answer. */
  pendingMigrations: number;
  connectionCount: number;
  lastSuccessfulQuery: Date | null;
  /** Guarantees of each record's table, inspected within the last minute; null while unknown. */
  guarantees: readonly TableGuarantees[] | null;
  /** Batch writers whose journal the store refuses until the cause is fixed; missing while there is none. */
  pausedDeliveries?: readonly PausedDelivery[];
  /** Transactions that are committed and wait to be applied; missing while there is none and nothing fails. */
  transactions?: {
    pending: number;
    /** Reason for which the first of them was not applied at the last attempt, or null. */
    delayedBy: string | null;
  };
  /** Blocks that are not in the object store yet; missing without an archive. */
  archive?: ArchiveState;
}
