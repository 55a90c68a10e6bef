import type { CallOptions } from '@quantumtrade/dal-domain';

/** Bound values by name: `{symbol:String}` in the query takes `params.symbol`. */
export type SqlParams = Readonly<Record<string, unknown>>;

/** Rows of one partition on their way into a table. */
export interface SqlBlock {
  /** An identifier of ours, never a caller's text. */
  readonly table: string;
  /** Of inserts with one token the table stores one, as long as it remembers the token. */
  readonly token: string;
  /** One block of the Native format. It names its columns; those that it does not name get their defaults. */
  readonly bytes: Uint8Array;
  readonly rowCount: number;
  /** Whether the same bytes are sent again while the error says that they may be stored then. */
  readonly retried: boolean;
}

/** A block that the server has acknowledged. */
export interface StoredBlock {
  /** How often it was sent. */
  readonly attempts: number;
  /**
   * Whether the server's counts say that this insert stored all its rows. Where they do not, the rows have to be looked up:
   * the server sends no counts, knows the block by its token, or counts the rows of other tables that are fed from this one.
   */
  readonly confirmed: boolean;
}

/**
 * What the repositories and the schema controller need of a ClickHouse connection. Every call ends by its deadline, and a
 * call that is aborted or late is killed on the server. Errors are the domain's.
 */
export interface Sql {
  /** The database that unqualified names mean. */
  readonly database: string;

  /**
   * The same connection, for further queries of a call that has begun: where calls wait for a connection, they go before those
   * that begin one. Otherwise what is done already would be lost most of all when there is least to lose.
   */
  readonly continuing: Sql;

  /**
   * What every method of a port begins with, before it looks at its input: throws as `checkCall` does, and
   * `ConnectionError` once the connection is closed.
   */
  checkOpen(operation: string, options: CallOptions | undefined, known?: readonly string[]): void;

  /**
   * Runs a read for the adapter's own use and returns its rows as objects; 64-bit integers and decimals come as strings. Retried
   * while it is safe.
   */
  rows<T>(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<T[]>;

  /**
   * The same for a caller: throws `QueryError` above the configured limits on the rows and bytes of a result. `convert` is
   * called while rows arrive, so that only what it returns is kept.
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

  /** Writes a block in one insert, and returns when the engine has acknowledged it. */
  insert(operation: string, block: SqlBlock, options?: CallOptions): Promise<StoredBlock>;

  /**
   * The same connection, with unqualified names meaning another database. Costs nothing; nothing new to close. The schema
   * controller works through `on('system')` before the database exists, and validates in a scratch database.
   */
  on(database: string): Sql;
}
