import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseAbstraction } from '@quantumtrade/dal';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import { connectRedis } from '@quantumtrade/dal-redis';
import type { BenchServer } from '../server.js';
import type { BarTable } from './tables.js';

/** Opens the data layer over a table and Redis. Several have the same cache, each with a first level of its own. */
export async function openLayer(
  server: BenchServer,
  { name }: BarTable,
  redisUrl: string,
): Promise<DatabaseAbstraction> {
  const layer = new DatabaseAbstraction({
    timeSeries: connectClickHouse({ ...server.settings, database: name }),
    cache: connectRedis({ url: redisUrl, keyPrefix: 'read-bench:', budgetMs: 10_000 }),
  });
  while (!(await layer.health()).cache.invalidationsConnected) await delay(1);
  return layer;
}
