import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ServerSchema } from '../schema/server-schema.js';

const OPERATION = 'schema.migrate';

/**
 * Gives copies of a shard without a history the tables and the history of one that has them. A server can join a replicated table only
 * with the columns that it has now, which those of the first migrations are not.
 */
export async function joinCopies(copies: readonly ServerSchema[], options: CallOptions): Promise<void> {
  const histories = await Promise.all(copies.map(({ history }) => history.read(options)));
  const migrated = copies.find((_, index) => histories[index]!.nextOrdinal > 0);
  if (!migrated) return;
  for (const [index, copy] of copies.entries())
    if (histories[index]!.nextOrdinal === 0) await copySchema(migrated, copy, options);
}

async function copySchema(from: ServerSchema, to: ServerSchema, options: CallOptions): Promise<void> {
  const database = from.sql.database;
  const tables = await from.server.rows<{ statement: string }>(
    OPERATION,
    `SELECT create_table_query AS statement FROM system.tables
     WHERE database = {database:String} AND NOT startsWith(name, 'schema_')
     ORDER BY engine LIKE '%View', name`,
    { database },
    options,
  );
  for (const { statement } of tables) {
    const repeatable = statement.replace(/^CREATE (?:TABLE|(?:MATERIALIZED )?VIEW) /, '$&IF NOT EXISTS ');
    await to.sql.command(OPERATION, repeatable, {}, options);
  }
  await to.history.create(options);
  const history = await from.sql.compressed(
    OPERATION,
    'SELECT * FROM schema_migrations ORDER BY ordinal, applied_at',
    {},
    options,
  );
  const block = { table: 'schema_migrations', token: '', isZstd: true, retried: false, ...history };
  await to.sql.insert(OPERATION, block, options);
}
