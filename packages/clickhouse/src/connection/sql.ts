import type { CallOptions, StoreReadOptions } from '@quantumtrade/dal-domain';
import type { InstantRange } from '../cluster/shard-layout.js';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { SessionSettings } from './pinned-settings.js';

/** Bound values by name: `{symbol:String}` in the query takes `params.symbol`. */
export type SqlParams = Readonly<Record<string, unknown>>;

/** Rows of one partition, to be written to a table. */
export interface SqlBlock {
  /** An identifier of ours, never a caller's text. */
  readonly table: string;
  /** A table stores one of the inserts with the same token, as long as it remembers the token. */
  readonly token: string;
  /** One block of the Native format. It names its columns; the table's other columns get their defaults. */
  readonly bytes: Uint8Array;
  readonly rowCount: number;
  /** Whether the bytes are several blocks, which are stored as one. @default false */
  readonly isSeries?: boolean;
  /** Whether the bytes are {@link CompressedRows}, of one block or several. @default false */
  readonly isZstd?: boolean;
  /** Chooses the rows that are stored. @default all */
  readonly selection?: InsertSelection;
  /** Whether the same bytes are sent to the same server again after a retryable error. To another server they are sent in any case. */
  readonly retried: boolean;
}

/** Condition by which the server chooses the rows of a block. */
export interface InsertSelection {
  /** Columns of the block and of the table, in its order. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** SQL over these columns; text of ours, never a caller's. */
  readonly condition: string;
}

/** Rows of an answer as the server compressed them: blocks of the Native format, in frames of zstd. */
export interface CompressedRows {
  readonly bytes: Uint8Array;
  readonly rowCount: number;
}

/** The server that answered a statement. */
export interface AnsweringServer {
  /** Host and port, e.g. `ch-2:8123`. */
  readonly name: string;
  readonly shard: string;
}

/** A block that the server has acknowledged. */
export interface StoredBlock {
  readonly server: AnsweringServer;
  /** Number of times it was sent. */
  readonly attempts: number;
  /**
   * Whether the server's counts confirm that this insert stored all its rows, or has read all those that it chose from. Otherwise the rows have to be looked up: the server
   * sends no counts, has seen the token before, or counts the rows of other tables that are fed from this one.
   */
  readonly confirmed: boolean;
}

/** Rows and decompressed bytes that the queries of one answer have returned so far. */
export interface ReadTally {
  rows: number;
  bytes: number;
  /** The server of the latest query. */
  server?: AnsweringServer;
}

/**
 * Statements in one database of ClickHouse, for the repositories and the schema controller. Every call ends by its
 * deadline; an aborted or late one is killed on the server. Errors are the domain's.
 */
export interface Sql {
  /** Database of unqualified names. */
  readonly database: string;

  /**
   * Returns the same statements, for queries that continue a call: they precede queries that begin one in the queue for a
   * connection. Otherwise overload would waste the work of calls that are nearly done.
   */
  readonly continuing: Sql;

  /**
   * Checks the options of a port's method, before its input: throws as `checkCall` does, and `ConnectionError` once the
   * connection is closed.
   */
  checkOpen(operation: string, options: CallOptions | undefined, known?: readonly string[]): void;

  /**
   * Runs a read of the adapter itself and returns its rows as objects by column name: 64-bit integers, decimals (in units of their
   * last digit) and `DateTime64(8)` as bigints, other instants as epoch milliseconds. Retried after retryable errors.
   */
  rows<T>(
    operation: string,
    query: string,
    params?: SqlParams,
    options?: StoreReadOptions,
    tally?: ReadTally,
  ): Promise<T[]>;

  /**
   * Runs a read for a caller and returns what `convert` makes of each block that has rows, called while blocks arrive. Throws
   * `QueryError` above the configured limits on rows and bytes of a result. Retried after retryable errors.
   *
   * `settings` apply to this query alone: limits such as `max_rows_to_read` (an error above it has the kind `SCAN_LIMIT`), and
   * hints for its plan. A pinned setting cannot be changed. Queries with one `tally` return parts of one answer: the limits hold
   * for all of them together, and a query that succeeds adds what it returned.
   *
   * A read with `readAfter` is answered by a server that has these writes, here and in `rows` and `blocks`.
   */
  collect<T>(
    operation: string,
    query: string,
    params: SqlParams | undefined,
    options: StoreReadOptions | undefined,
    convert: (block: DecodedBlock) => T,
    settings?: SessionSettings,
    tally?: ReadTally,
  ): Promise<T[]>;

  /**
   * Streams the blocks of a read of any size in constant memory. The query starts with the first `next`. Leaving the loop, an abort
   * and the deadline close the request and kill the query. Retried after retryable errors until the first block was returned, never
   * later: an error in the middle is thrown.
   *
   * The caller's deadline bounds the whole stream. Without one, each wait for the server ends after the request timeout; the time
   * that the consumer takes does not count. A consumer that takes no block for longer than the server's `http_send_timeout` (30 s by
   * default) may lose its connection. The stream holds a connection until it ends.
   */
  blocks(
    operation: string,
    query: string,
    params?: SqlParams,
    options?: StoreReadOptions,
    settings?: SessionSettings,
  ): AsyncIterable<DecodedBlock>;

  /** Runs a statement without rows, with settings for it alone. Never retried. */
  command(
    operation: string,
    query: string,
    params?: SqlParams,
    options?: CallOptions,
    settings?: SessionSettings,
  ): Promise<void>;

  /** Writes a block in one insert. Resolves when the engine has acknowledged it. */
  insert(operation: string, block: SqlBlock, options?: CallOptions): Promise<StoredBlock>;

  /**
   * Runs a read whose rows {@link insert} takes again, and returns them compressed: they are moved, and never decoded. Retried
   * after retryable errors.
   */
  compressed(
    operation: string,
    query: string,
    params?: SqlParams,
    options?: CallOptions,
  ): Promise<CompressedRows>;

  /** Returns the same statements, of which all go to this server: the `name` of an {@link AnsweringServer}. */
  at(server: string): Sql;

  /** Numbers of the cluster's shards, from 1 on; the number 1 alone where there is no cluster. */
  readonly shards: readonly number[];

  /** Returns the same statements, in the tables of one shard and at its copies. Without a cluster, returns these statements. */
  shard(number: number): Sql;

  /** Returns the same statements at each copy that a block of a shard has to be stored on. Without a cluster, returns these statements. */
  copiesOf(shard: number): readonly Sql[];

  /**
   * Returns the numbers of the shards that may have rows with one of these values of their shard field (`shardFieldOf`), or with any, in a range of
   * time, in ascending order. Returns undefined without a cluster.
   */
  shardsOf(values: readonly string[] | undefined, range?: InstantRange): readonly number[] | undefined;

  /**
   * Returns the same statements for reads of the rows with these values of their shard field (`shardFieldOf`), in a range of time: those of
   * the shard that has all of them, or these statements where there are several such shards or no cluster.
   */
  near(values: readonly string[], range?: InstantRange): Sql;

  /**
   * Returns statements in another database, over the same connections. The schema controller works through `on('system')`
   * before its database exists, and validates in a scratch database.
   */
  on(database: string): Sql;
}
