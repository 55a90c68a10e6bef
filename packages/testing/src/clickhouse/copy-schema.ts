import { queryClickHouse, type ClickHouseLogin } from './query-clickhouse.js';

/** Table with the history of the migrations. */
const HISTORY = 'schema_migrations';
/** Prefix of the tables by which processes lock the schema, which others create and drop meanwhile. */
const LOCK_PREFIX = 'schema_migrations_lock_';

/**
 * Creates a database with the tables of a migrated one, without their rows, and with its history of migrations. That takes a tenth of the
 * time of the migrations.
 */
export async function copySchema(login: ClickHouseLogin, from: string, to: string): Promise<void> {
  const run = (sql: string) => queryClickHouse(login, sql);
  await run(`CREATE DATABASE ${to}`);
  const tables = await run(
    `SELECT name FROM system.tables WHERE database = '${from}' AND NOT startsWith(name, '${LOCK_PREFIX}')`,
  );
  await Promise.all(
    tables
      .trim()
      .split('\n')
      .map((table) => run(`CREATE TABLE ${to}.${table} AS ${from}.${table}`)),
  );
  await run(`INSERT INTO ${to}.${HISTORY} SELECT * FROM ${from}.${HISTORY} ORDER BY ordinal`);
}
