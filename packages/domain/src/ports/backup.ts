import type { CallOptions } from './call.js';

/** Rows that one part of a table held when the snapshot was taken. A part never changes, so equal hashes are equal rows. */
export interface SnapshotPart {
  readonly name: string;
  readonly partition: string;
  readonly rows: number;
  /** Hash of the part's content, in hexadecimal. */
  readonly hash: string;
}

export interface SnapshotColumn {
  readonly name: string;
  readonly type: string;
}

export interface SnapshotTable {
  readonly table: string;
  readonly columns: readonly SnapshotColumn[];
  readonly parts: readonly SnapshotPart[];
}

/** Count and order-independent hash of all stored rows of a partition, versions included. */
export interface PartitionContent {
  readonly partition: string;
  readonly rows: number;
  /** In hexadecimal; equal for equal rows on every server. */
  readonly hash: string;
}

/** All tables of the data layer as they were at one time. Later writes, merges and deletions do not change it. */
export interface DatabaseSnapshot {
  /** Writes that were acknowledged before it are in the snapshot. */
  readonly startedAt: Date;
  /** Writes that began after it are not in the snapshot. */
  readonly completedAt: Date;
  /** Version of the schema. */
  readonly schemaVersion: number;
  readonly tables: readonly SnapshotTable[];
  /** Returns the content of each partition of a table. */
  content(table: string, options?: CallOptions): Promise<readonly PartitionContent[]>;
  /** Returns rows `from` (inclusive) to `to` (exclusive) of a part, as a block that {@link RestoreTarget.store} accepts. */
  read(table: string, part: string, from: number, to: number, options?: CallOptions): Promise<Uint8Array>;
  /** Releases the storage of the snapshot. */
  release(): Promise<void>;
}

/** A database beside the one in use, made for a restore. */
export interface RestoreTarget {
  readonly database: string;
  /** Stores the rows of a block that was read from a snapshot; the same id again stores nothing. */
  store(table: string, id: string, rows: number, block: Uint8Array, options?: CallOptions): Promise<void>;
  /** Stores a block of the write path, as {@link store}; rows that are there already, in the same version, are skipped. */
  replay(table: string, id: string, rows: number, block: Uint8Array, options?: CallOptions): Promise<void>;
  content(table: string, options?: CallOptions): Promise<readonly PartitionContent[]>;
  drop(options?: CallOptions): Promise<void>;
}

/** Reads and writes whole databases, for backups and restores. */
export interface BackupBackend {
  /** Takes a snapshot of all tables of the database in use. */
  snapshot(options?: CallOptions): Promise<DatabaseSnapshot>;
  /** Creates an empty database with this version of the schema. Rejects where one of that name exists. */
  createTarget(database: string, schemaVersion: number, options?: CallOptions): Promise<RestoreTarget>;
  /**
   * Puts the tables of `database` in the place of those in use, table by table without a moment in which one is missing, and
   * keeps the former tables in the database `keepAs`.
   */
  promote(database: string, keepAs: string, options?: CallOptions): Promise<void>;
}
