import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouseClient } from '../connection/clickhouse-client.js';
import type { Sql, SqlParams } from '../connection/sql.js';
import { changedSql } from './changed-sql.js';
import { dropDatabase, ownSettings } from './own-backend.js';

const opened: { client: ClickHouseClient; database: string }[] = [];

/** Returns statements in a database of this test alone, which does not exist yet. */
export function ownDatabase(name?: string): Sql {
  const settings = ownSettings(name === undefined ? {} : { database: name });
  const client = new ClickHouseClient(settings);
  opened.push({ client, database: settings.database });
  return client.sql(settings.database);
}

/** Drops the databases of {@link ownDatabase}; for `afterAll`. */
export async function dropOwnDatabases(): Promise<void> {
  for (const { client, database } of opened.splice(0)) await dropDatabase(client, database);
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

/** Creates a folder of migration files. */
export function migrationsFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  writeMigrations(folder, files);
  return folder;
}

export function writeMigrations(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
}

/** Returns statements that call `before` before each command; when it throws, instead of the command. */
export function intercepted(
  sql: Sql,
  before: (query: string, operation: string, params?: SqlParams) => Promise<void> | void,
): Sql {
  return changedSql(sql, (given) => ({
    command: async (operation, query, params, options) => {
      await before(query, operation, params);
      await given.command(operation, query, params, options);
    },
  }));
}
