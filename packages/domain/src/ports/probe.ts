import type { BreakerState } from '@quantumtrade/dal-runtime';
import type { CallOptions } from './call.js';

/** State of one of the servers of a backend. */
export interface EndpointStatus {
  /** Host and port, e.g. `ch-2:8123`. */
  readonly name: string;
  /** `primary`: reads and writes. `replica`: reads. `backup`: what a primary does, while no primary can be used. */
  readonly role: 'primary' | 'replica' | 'backup';
  readonly shard: string;
  /** `healthy`: it gets calls. `ejected`: it gets none for a time. `probation`: it gets none until it has answered a probe. */
  readonly state: 'healthy' | 'ejected' | 'probation';
  /** Connections that carry a call, those held for orphaned queries included. */
  readonly inUse: number;
  /** Calls that are served at once now. */
  readonly limit: number;
  /** Open connections that carry no call. */
  readonly idle: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
  /** Time that calls have waited for a connection since the start, summed (milliseconds). */
  readonly waitedMs: number;
  /** Recent ejections; the more, the longer the next one. */
  readonly ejections: number;
  /** Average time until an answer begins, by which servers are compared; null before the first one, and for a single server (milliseconds). */
  readonly latencyMs: number | null;
  /** Code of the latest error that says something about the server, e.g. `ECONNREFUSED`; null before the first one. */
  readonly lastError: string | null;
  /** Queries that their callers left and whose end the server has not confirmed. */
  readonly orphanedQueries: number;
  /** Connections that are not given out because of such queries. */
  readonly quarantined: number;
  /** Time that queries went on, or may have, after they were left: since the start, summed (seconds). */
  readonly orphanSeconds: number;
}

/** Space of one disk. */
export interface DiskSpace {
  readonly name: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Replication of one table to one server. */
export interface TableReplication {
  readonly table: string;
  /** Whether the server takes no writes, e.g. because it has lost its Keeper. */
  readonly isReadOnly: boolean;
  /** Age of the oldest change that the server has not got yet (seconds). */
  readonly delaySeconds: number;
  /** Number of waiting tasks, merges included. */
  readonly queueSize: number;
}

/** Parts of the partition with the most of them. */
export interface PartitionParts {
  readonly table: string;
  readonly partition: string;
  readonly parts: number;
  /** Number of parts at which inserts are refused; 0 for no limit. */
  readonly maxParts: number;
}

/** A change of stored rows that is not complete. */
export interface PendingMutation {
  readonly table: string;
  readonly mutation: string;
  readonly ageSeconds: number;
  /** Name of the error of the latest attempt, e.g. `CANNOT_PARSE_TEXT`; null when none failed. */
  readonly failure: string | null;
}

/** Condition of one server, as far as it concerns the tables of the data layer. */
export interface ServerCondition {
  /** Host and port, e.g. `ch-2:8123`. */
  readonly name: string;
  /** Reason for which the condition is not known; the lists are empty then. Missing while it is known. */
  readonly error?: string;
  readonly disks: readonly DiskSpace[];
  /** Empty where no table is replicated. */
  readonly replication: readonly TableReplication[];
  /** The fullest partition of each table with rows. */
  readonly partitions: readonly PartitionParts[];
  /** The oldest twenty. */
  readonly mutations: readonly PendingMutation[];
}

/** State of a breaker of an adapter. */
export interface BreakerStatus {
  /** Name of what it suspends, e.g. `redis`. */
  readonly name: string;
  readonly state: BreakerState;
}

/** Checks and closes the connections to a backend, and returns their state. */
export interface BackendProbe {
  /** Name of the database system in metrics and spans, e.g. `clickhouse`. */
  readonly system: string;
  /** Resolves when the backend answers; otherwise throws `ConnectionError`, `CacheError` or `TimeoutError`. */
  ping(options?: CallOptions): Promise<void>;
  /** Returns the number of open connections; 0 for a backend without connections. */
  connectionCount(): number;
  /** Returns the state of each server, without a call. @default none: the backend has no servers, or one connection to them */
  endpoints?(): readonly EndpointStatus[];
  /**
   * Returns whether a server may be behind another one with the same rows, in a way that write tokens avoid.
   * @default none: no server is
   */
  mayLag?(): boolean;
  /**
   * Asks each server for its condition, at its own time limit. Rejects only for wrong options, and when the call is over or the
   * backend is closed: what a server does not say is its `error`. @default none: the backend has no servers, or nothing to say
   */
  conditions?(options?: CallOptions): Promise<readonly ServerCondition[]>;
  /** Returns the number of retries that may be made now. @default none: nothing is retried */
  retryBalance?(): number;
  /** Returns the state of each breaker. @default none: there is no breaker */
  breakers?(): readonly BreakerStatus[];
  /** Closes all connections. Later calls fail. */
  close(): Promise<void>;
}
