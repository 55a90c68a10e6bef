import type { CallOptions } from '@quantumtrade/dal-domain';

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
  /** Whether the same bytes are sent again after a retryable error. */
  readonly retried: boolean;
}

/** A block that the server has acknowledged. */
export interface StoredBlock {
  /** Number of times it was sent. */
  readonly attempts: number;
  /**
   * Whether the server's counts confirm that this insert stored all its rows. Otherwise the rows have to be looked up: the server
   * sends no counts, has seen the token before, or counts the rows of other tables that are fed from this one.
   */
  readonly confirmed: boolean;
}

/**
 * Statements in one database of a ClickHouse server, for the repositories and the schema controller. Every call ends by its
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
   * Runs a read of the adapter itself and returns its rows as objects, 64-bit integers and decimals as strings. Retried after
   * retryable errors.
   */
  rows<T>(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<T[]>;

  /**
   * Runs a read for a caller like {@link rows}. Throws `QueryError` above the configured limits on rows and bytes of a result.
   * `convert` is called while rows arrive, so that only converted rows are kept.
   */
  result<J, T>(
    operation: string,
    query: string,
    params: SqlParams,
    options: CallOptions | undefined,
    convert: (json: J) => T,
  ): Promise<T[]>;

  /** Runs a statement without rows. Never retried. */
  command(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<void>;

  /** Writes a block in one insert. Resolves when the engine has acknowledged it. */
  insert(operation: string, block: SqlBlock, options?: CallOptions): Promise<StoredBlock>;

  /**
   * Returns statements in another database, over the same connections. The schema controller works through `on('system')`
   * before its database exists, and validates in a scratch database.
   */
  on(database: string): Sql;
}
