import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ReplicatedStatement, StatementOrigin } from '../cluster/replicated-statement.js';
import type { Sql } from '../connection/sql.js';
import type { Snapshot } from './drift.js';

/** Form in which the tables of the migrations are made on a server. */
export interface TableForm {
  /** Returns a statement of a migration as it is run. */
  statementOf(statement: string, origin: StatementOrigin): ReplicatedStatement;
  /** Returns the paths in Keeper that tables of the database have. */
  takenPaths(sql: Sql, options: CallOptions): Promise<readonly string[]>;
  /** Returns the tables in this form, from those that the statements make as they are written. */
  expected(tables: Snapshot): Snapshot;
  /** Returns the tables of a server without what may differ between tables of this form. */
  stored(tables: Snapshot): Snapshot;
}

/** Tables as the migrations are written. */
export const PLAIN: TableForm = {
  statementOf: (text) => ({ text, runsOn: 'every-server', before: [] }),
  takenPaths: async () => [],
  expected: (tables) => tables,
  stored: (tables) => tables,
};
