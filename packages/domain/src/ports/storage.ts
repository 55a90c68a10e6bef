import { keysOf } from '../arguments.js';
import type { RecordName } from '../records/records.js';
import type { CallOptions } from './call.js';

/** Active parts of one partition of a table. */
export interface PartitionStorage {
  readonly table: string;
  /** `other` for all partitions of the table beyond the largest of the server together. */
  readonly partition: string;
  readonly parts: number;
  /** Parts of the partition with the most of them: `parts` itself, apart from `other`. */
  readonly partsOfFullest: number;
  /** Rows, older versions included until they are merged. */
  readonly rows: number;
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
  /** The oldest timestamp without its fraction of a second, before 1970 the second after it (epoch milliseconds); null for a table without timestamps. */
  readonly oldest: number | null;
  /** The newest timestamp without its fraction of a second, before 1970 the second after it (epoch milliseconds); null for a table without timestamps. */
  readonly newest: number | null;
}

/** Storage that one server uses for the tables of the data layer. */
export interface ServerStorage {
  /** Host and port, e.g. `ch-2:8123`. */
  readonly name: string;
  /** Reason for which the storage is not known; the list is empty then, and the counts are 0. Missing while it is known. */
  readonly error?: string;
  readonly partitions: readonly PartitionStorage[];
  /** Changes of stored rows that are not complete, those included that fail. */
  readonly unfinishedMutations: number;
  /** Unfinished changes whose latest attempt has failed. */
  readonly failedMutations: number;
}

/** Rows of one partition that are older than the retention of their record. */
export interface ExpiredRows {
  readonly partition: string;
  /** Rows, older versions included until they are merged. */
  readonly rows: number;
  /** Their share of the partition's compressed bytes. */
  readonly bytes: number;
}

/** Retention of the table of one record: what the configuration says, and what the table does. */
export interface TableRetention {
  readonly record: RecordName;
  readonly table: string;
  /** The configured TTL; null where rows are kept as they are. */
  readonly configured: string | null;
  /** The TTL of the table; null for none. */
  readonly applied: string | null;
  /** Statement that makes the table do what is configured; null where it does. */
  readonly statement: string | null;
  /**
   * Rows that the configured retention deletes, by partition: at the next clean-up of the store where it is applied, and at the first one
   * after it is applied where it is not. Empty where nothing is deleted.
   */
  readonly expired: readonly ExpiredRows[];
}

/** Options of {@link StorageController.apply}. */
export interface ApplyRetentionOptions extends CallOptions {
  /** Applies retention that deletes stored rows as well. @default false: it is refused */
  readonly deleteRows?: boolean | undefined;
}

/** The keys of {@link ApplyRetentionOptions}. */
export const APPLY_RETENTION_OPTIONS = keysOf<ApplyRetentionOptions>({
  signal: true,
  deadline: true,
  priority: true,
  deleteRows: true,
});

/** Storage of the tables, and the retention of their rows. Nothing but `apply` changes anything, and nothing calls it by itself. */
export interface StorageController {
  /**
   * Asks each server for the storage that it uses, at its own time limit. Rejects only for wrong options, and when the call is over or the
   * backend is closed: what a server does not say is its `error`.
   */
  usage(options?: CallOptions): Promise<readonly ServerStorage[]>;

  /**
   * Returns the retention of each record that has a table, and what applying it would do. A store without retention returns an empty list.
   * Throws `ValidationError` naming a setting that the tables cannot follow, such as an unknown volume.
   */
  plan(options?: CallOptions): Promise<readonly TableRetention[]>;

  /**
   * Makes the tables do what is configured, and returns the plan that was carried out. The store then deletes, moves and recompresses in the
   * background. Applying it again changes nothing.
   * Throws `ValidationError` without a change when rows would be deleted and `deleteRows` is not true, and for what `plan` refuses.
   */
  apply(options?: ApplyRetentionOptions): Promise<readonly TableRetention[]>;
}
