import type { CallOptions } from '@quantumtrade/dal-domain';

/** Bound values by name: `{symbol:String}` in the query takes `params.symbol`. */
export type SqlParams = Readonly<Record<string, unknown>>;

/** Rows on their way into a table: values in the order of the columns, in the engine's JSON form. */
export interface SqlRows {
  /** An identifier of ours, never a caller's text. */
  readonly table: string;
  readonly columns: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

/**
 * What the repositories and the schema controller need of a ClickHouse connection. Every call ends by its deadline, and a
 * call that is aborted or late is killed on the server. Errors are the domain's.
 */
export interface Sql {
  /** The database that unqualified names mean. */
  readonly database: string;

  /** Runs a read and returns its rows as objects; 64-bit integers and decimals come as strings. Retried while it is safe. */
  rows<T>(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<T[]>;

  /** Runs a statement without rows. Never retried. */
  command(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<void>;

  /** Writes rows in one insert and returns when the engine has stored them. Never retried. */
  insert(operation: string, rows: SqlRows, options?: CallOptions): Promise<void>;

  /**
   * The same connection, with unqualified names meaning another database. Costs nothing; nothing new to close. The schema
   * controller works through `on('system')` before the database exists, and validates in a scratch database.
   */
  on(database: string): Sql;
}
