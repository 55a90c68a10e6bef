import { randomBytes } from 'node:crypto';
import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { connectClickHouse } from '../backend.js';
import type { ClickHouseBackendOptions } from '../backend.js';
import { ClickHouseClient } from '../connection/clickhouse-client.js';
import type { ClickHouseSettings } from '../settings.js';

export type OwnSettings = ClickHouseSettings & { readonly database: string };

/** Returns settings of the tests' server, with a database name of this test alone. */
export function ownSettings(more: Partial<ClickHouseSettings> = {}): OwnSettings {
  const { origin, username, password } = new URL(process.env['CLICKHOUSE_URL']!);
  return {
    url: origin,
    username: decodeURIComponent(username) || 'default',
    password: decodeURIComponent(password),
    database: `test_${randomBytes(6).toString('hex')}`,
    ...more,
  };
}

/** Opens a backend with its schema in a database of its own, which `close` drops. */
export async function openOwnBackend(
  more: Partial<ClickHouseSettings> = {},
  options?: ClickHouseBackendOptions,
): Promise<{ backend: TimeSeriesBackend; settings: OwnSettings; close: () => Promise<void> }> {
  const settings = ownSettings(more);
  const backend = connectClickHouse(settings, options);
  await backend.schema.initialize();
  return {
    backend,
    settings,
    close: async () => {
      await backend.probe.close();
      await dropDatabase(settings);
    },
  };
}

async function dropDatabase(settings: OwnSettings): Promise<void> {
  const client = new ClickHouseClient(settings);
  await client
    .sql('system')
    .command('test', 'DROP DATABASE IF EXISTS {database:Identifier} SYNC', { database: settings.database });
  await client.close();
}
