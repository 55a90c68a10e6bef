import type { ClickHouseClient } from '@clickhouse/client';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { startEmbeddedClickHouse, type EmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import type { Server } from './bench.js';

/** A fresh embedded server, to be measured through the raw driver. */
export interface BenchServer extends Server {
  readonly client: ClickHouseClient;
  readonly settings: Pick<EmbeddedClickHouse, 'url' | 'username' | 'password'>;
  run(statement: string): Promise<void>;
  /** The first column of the first row, as a number. */
  number(query: string, params?: Record<string, unknown>): Promise<number>;
}

export async function startBenchServer(): Promise<BenchServer> {
  const server = await startEmbeddedClickHouse();
  const settings = { url: server.url, username: server.username, password: server.password };
  const client = createClient({
    ...settings,
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
  });
  const text = async (query: string, query_params: Record<string, unknown>) =>
    (await (await client.query({ query, query_params, format: 'TabSeparated' })).text()).trim();
  return {
    client,
    settings,
    engine: `ClickHouse ${await text('SELECT version()', {})}`,
    run: async (query) => void (await client.command({ query })),
    number: async (query, params = {}) => Number(await text(query, params)),
    stop: async () => {
      await client.close();
      await server.stop();
    },
  };
}
