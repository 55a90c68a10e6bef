import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouseClient } from '../client/clickhouse-client.js';
import type { Sql } from '../client/sql.js';

const opened: { client: ClickHouseClient; database: string }[] = [];

/** A connection to a database of this test alone, which does not exist yet. */
export function ownDatabase(database = `schema_test_${randomBytes(6).toString('hex')}`): Sql {
  const { origin, username, password } = new URL(process.env.CLICKHOUSE_URL!);
  const client = new ClickHouseClient({ url: origin, username: username || 'default', password });
  opened.push({ client, database });
  return client.sql(database);
}

/** For `afterAll`. */
export async function dropOwnDatabases(): Promise<void> {
  for (const { client, database } of opened.splice(0)) {
    await client
      .sql('system')
      .command('test', 'DROP DATABASE IF EXISTS {database:Identifier} SYNC', { database });
    await client.close();
  }
}

export async function tablesOf(sql: Sql, pattern = '%'): Promise<string[]> {
  const rows = await sql
    .on('system')
    .rows<{ name: string }>(
      'test',
      `SELECT name FROM system.tables WHERE database = {database:String} AND name LIKE {pattern:String} ORDER BY name`,
      { database: sql.database, pattern },
    );
  return rows.map(({ name }) => name);
}

/** A folder of migration files. */
export function migrationsFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  writeMigrations(folder, files);
  return folder;
}

export function writeMigrations(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
}

/** The same connection, with something happening in place of, or before, its commands. */
export function intercepted(
  sql: Sql,
  before: (query: string, operation: string) => Promise<void> | void,
): Sql {
  return {
    database: sql.database,
    rows: (...args) => sql.rows(...args),
    insert: (...args) => sql.insert(...args),
    command: async (operation, query, params, options) => {
      await before(query, operation);
      await sql.command(operation, query, params, options);
    },
    on: (database) => intercepted(sql.on(database), before),
  };
}
