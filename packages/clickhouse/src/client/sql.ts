import type { CallOptions } from '@quantumtrade/dal-domain';

/** Bound values by name: `{symbol:String}` in the query takes `params.symbol`. */
export type SqlParams = Readonly<Record<string, unknown>>;

/** What the repositories and the schema controller need of a ClickHouse connection. Errors are the domain's. */
export interface Sql {
  /** The database that unqualified names mean. */
  readonly database: string;

  /** Runs a read and returns its rows as objects; 64-bit integers and decimals come as strings. */
  rows<T>(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<T[]>;

  /** Runs a statement without rows. Never retried. */
  command(operation: string, query: string, params?: SqlParams, options?: CallOptions): Promise<void>;

  /** The same connection, with unqualified names meaning another database. Costs nothing; nothing new to close. */
  on(database: string): Sql;
}
