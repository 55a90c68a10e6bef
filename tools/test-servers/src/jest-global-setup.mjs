import { tsImport } from 'tsx/esm/api';

/**
 * Starts the servers once for a package's tests, which find them in CLICKHOUSE_URL and REDIS_URL. CLICKHOUSE_TEMPLATE names a database that
 * the tests may create and share.
 */
export default async function setUp() {
  const { sharedDatabase, testClickHouse, testRedis } = await tsImport('./servers.ts', import.meta.url);
  const [clickHouse, redis] = await Promise.all([testClickHouse(), testRedis()]);
  const template = sharedDatabase(clickHouse);
  process.env.CLICKHOUSE_URL = clickHouse.url;
  process.env.REDIS_URL = redis.url;
  process.env.CLICKHOUSE_TEMPLATE = template.name;
  globalThis.usedByTests = [template, clickHouse, redis];
}
