import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import { startEmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';

/** Migrated database whose tables each test copies. */
export const TEMPLATE = 'template';

/** Statement that turns merges off, which remove rows stored twice: the table then shows every row ever stored. */
export const stopMergesOf = (table: string): string => `ALTER TABLE ${table} MODIFY SETTING
  max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1,
  parts_to_delay_insert = 1000000, parts_to_throw_insert = 1000000`;

/** Migrates a database in an engine that ends afterwards. Returns the directory of the engine's data. */
export async function migrateEngine(): Promise<string> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'faults-migrated-'));
  const engine = await startEmbeddedClickHouse({ dataDirectory });
  const { url, username, password } = engine;
  const { schema, probe } = connectClickHouse({ url, username, password, database: TEMPLATE });
  await schema.initialize();
  await probe.close();
  await queryClickHouse(engine, stopMergesOf('market_data'), TEMPLATE);
  await engine.stop();
  return dataDirectory;
}

/** Copies the data of the migrated engine to a directory. */
export const copyMigratedEngine = (to: string): Promise<void> =>
  cp(process.env['MIGRATED_ENGINE']!, to, { recursive: true, verbatimSymlinks: true });
