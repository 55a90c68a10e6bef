import { keysOf } from '../arguments.js';
import { ValidationError } from '../errors.js';
import type { EncodedBlock } from './block-writer.js';
import type { CallOptions } from './call.js';

/** Rows that one part of a table held when the snapshot was taken. A part never changes, so equal hashes are equal rows. */
export interface SnapshotPart {
  readonly name: string;
  readonly partition: string;
  /** Stored rows; those that a lightweight deletion hides are among them. */
  readonly rows: number;
  /** Approximate uncompressed size (bytes). */
  readonly bytes: number;
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
  /** In the order in which their rows were written: of two rows with one key and version, the later one counts. */
  readonly parts: readonly SnapshotPart[];
}

/** Rows of a snapshot in the store's own encoding, opaque to other code. */
export interface SnapshotBlock {
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** Count and order-independent hash of all stored rows of a partition, versions included. */
export interface PartitionContent {
  readonly partition: string;
  readonly rows: number;
  /** In hexadecimal; equal for equal rows on every server, whatever the codecs of its columns, and however they are spread over shards. */
  readonly hash: string;
}

export interface ContentOptions extends CallOptions {
  /** Partitions to read. @default all */
  readonly partitions?: readonly string[];
}

/** All tables of the data layer as they were at one time. Later writes, merges and deletions do not change it. */
export interface DatabaseSnapshot {
  /** Database that it was taken of. */
  readonly database: string;
  /** Writes that were acknowledged before it are in the snapshot. */
  readonly startedAt: Date;
  /** Writes that began after it are not in the snapshot. */
  readonly completedAt: Date;
  /** Version of the schema. */
  readonly schemaVersion: number;
  /** Version of the server's software. */
  readonly serverVersion: string;
  readonly tables: readonly SnapshotTable[];
  /** Returns the content of partitions of a table, ascending by partition; one without rows has no entry. */
  content(table: string, options?: ContentOptions): Promise<readonly PartitionContent[]>;
  /**
   * Returns rows `from` (inclusive) to `to` (exclusive) of a part, as a block that {@link RestoreTarget.store} accepts. It has fewer rows
   * where a lightweight deletion hides some.
   */
  read(table: string, part: string, from: number, to: number, options?: CallOptions): Promise<SnapshotBlock>;
  /** Releases the storage of the snapshot. It cannot be read afterwards. */
  release(): Promise<void>;
}

/** A block of the write path that is stored again. */
export type ReplayedBlock = Pick<EncodedBlock, 'id' | 'rowCount' | 'bytes'>;

/** A database beside the one in use, made for a restore, and unfinished until {@link RestoreTarget.complete}. */
export interface RestoreTarget {
  readonly database: string;
  /** Stores the rows of a block that was read from a snapshot, as a whole; the same id again stores nothing. */
  store(table: string, id: string, rows: number, block: Uint8Array, options?: CallOptions): Promise<void>;
  /**
   * Stores blocks of the write path in a table. Rows whose key is there already, in the same version or a newer one, are skipped, so
   * that blocks are replayed any number of times with one result. Throws `ValidationError` for bytes that are not a block of so many
   * rows, and for a table of no record; then none of the blocks is stored.
   */
  replay(table: string, blocks: readonly ReplayedBlock[], options?: CallOptions): Promise<void>;
  /** Returns the content of partitions of a table, as {@link DatabaseSnapshot.content} does. */
  content(table: string, options?: ContentOptions): Promise<readonly PartitionContent[]>;
  /**
   * Migrates to the newest version of the schema, and returns it. Until then the tables keep all rows that were stored; afterwards older
   * versions of rows go as in any table. Many blocks are replayed after it.
   */
  migrate(options?: CallOptions): Promise<number>;
  /**
   * Ends the restore. Before it, the database is neither promoted nor taken for one that is of use.
   * @throws ValidationError when another restore has replaced the database
   */
  complete(options?: CallOptions): Promise<void>;
  /** Drops the database, unless another restore has replaced it. */
  drop(options?: CallOptions): Promise<void>;
}

export interface CreateTargetOptions extends CallOptions {
  /**
   * Drops the database of that name first if an unfinished restore created it and it has been idle for at least this time. One
   * that was completed, or that no restore has made, is never dropped. @default nothing is dropped (milliseconds)
   */
  readonly replaceIdleMs?: number | undefined;
}

export const CREATE_TARGET_OPTIONS = keysOf<CreateTargetOptions>({
  ...{ signal: true, deadline: true, priority: true },
  replaceIdleMs: true,
});

/** Reads and writes whole databases, for backups and restores. Names of databases are checked by {@link requireDatabaseName}. */
export interface BackupBackend {
  /**
   * Takes a snapshot of all tables of the database in use: those of the records, and the checkpoints of ingestion. Rejects with
   * `MigrationError` while the schema is being migrated, and where there is none.
   */
  snapshot(options?: CallOptions): Promise<DatabaseSnapshot>;
  /**
   * Creates an empty database with this version of the schema. Rejects with `ValidationError` where one of that name exists, which says whether
   * it is that of an unfinished restore, and with `MigrationError` where the version is unknown.
   */
  createTarget(
    database: string,
    schemaVersion: number,
    options?: CreateTargetOptions,
  ): Promise<RestoreTarget>;
  /**
   * Puts the tables of `database` in the place of those in use, table by table without a moment in which one is missing, and
   * keeps the former tables in the database `keepAs`, which is created. `database` is dropped then. Rejects with `ValidationError` where
   * its schema has another version than the one in use, or its restore has not finished. After a failure half-way the same call goes on where it stopped. Rows written
   * meanwhile go to either; end all writers first.
   */
  promote(database: string, keepAs: string, options?: CallOptions): Promise<void>;
}

const DATABASE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** Returns the name of a database; throws `ValidationError` unless it has 1 to 63 letters, digits and `_`, not first a digit. */
export function requireDatabaseName(field: string, name: unknown, operation: string): string {
  if (typeof name === 'string' && DATABASE_NAME.test(name)) return name;
  throw new ValidationError(field, 'must have 1 to 63 letters, digits and _, and begin with no digit', {
    operation,
  });
}
