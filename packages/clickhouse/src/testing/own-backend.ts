import { randomBytes } from 'node:crypto';
import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import type { ClickHouseLogin } from '@quantumtrade/dal-testing/clickhouse';
import { copySchema, loginOf } from '@quantumtrade/dal-testing/clickhouse';
import { connectClickHouse } from '../backend.js';
import type { ClickHouseBackendOptions } from '../backend.js';
import { ClickHouseClient } from '../connection/clickhouse-client.js';
import type { Sql } from '../connection/sql.js';
import { ClickHouseSchemaController } from '../schema/schema-controller.js';
import type { ClickHouseSettings } from '../settings.js';

/** Migrated database whose tables are copied, made by the first test that needs it and dropped after the package's tests. */
const TEMPLATE = process.env['CLICKHOUSE_TEMPLATE']!;

export type OwnSettings = Omit<ClickHouseSettings, keyof ClickHouseLogin> &
  ClickHouseLogin & { readonly database: string };

/** Returns settings of the tests' server, with a database name of this test alone. */
export function ownSettings(more: Partial<OwnSettings> = {}): OwnSettings {
  return {
    ...loginOf(process.env['CLICKHOUSE_URL']!),
    database: `test_${randomBytes(6).toString('hex')}`,
    ...more,
  };
}

export interface OwnBackend {
  readonly backend: TimeSeriesBackend;
  readonly settings: OwnSettings;
  /** Statements in the backend's database, over other connections. */
  readonly sql: Sql;
  /** Drops the database and closes all connections. */
  close(): Promise<void>;
}

/** Opens a backend with its schema in a database of its own, whose tables are copies of those that the migrations create. */
export async function openOwnBackend(
  more: Partial<OwnSettings> = {},
  options?: ClickHouseBackendOptions,
): Promise<OwnBackend> {
  const settings = ownSettings(more);
  const { database } = settings;
  const backend = connectClickHouse(settings, options);
  const client = new ClickHouseClient(settings);
  await new ClickHouseSchemaController(client.sql(TEMPLATE)).initialize();
  await copySchema(settings, TEMPLATE, database);
  return {
    backend,
    settings,
    sql: client.sql(database),
    close: async () => {
      await backend.probe.close();
      await dropDatabase(client, database);
    },
  };
}

/** Drops a database and closes the client. */
export async function dropDatabase(client: ClickHouseClient, database: string): Promise<void> {
  await client
    .sql('system')
    .command('test', 'DROP DATABASE IF EXISTS {database:Identifier} SYNC', { database });
  await client.close();
}
