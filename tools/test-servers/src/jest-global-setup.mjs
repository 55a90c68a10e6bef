import { randomBytes } from 'node:crypto';
import { tsImport } from 'tsx/esm/api';

/**
 * Starts the servers once for a package's tests, which find them in CLICKHOUSE_URL and REDIS_URL. CLICKHOUSE_TEMPLATE names a database that
 * tests may create and share; it is dropped after them.
 */
export default async function setUp() {
  const { testClickHouse, testRedis } = await tsImport('./servers.ts', import.meta.url);
  const [clickHouse, redis] = await Promise.all([testClickHouse(), testRedis()]);
  process.env.CLICKHOUSE_URL = clickHouse.url;
  process.env.REDIS_URL = redis.url;
  process.env.CLICKHOUSE_TEMPLATE = `test_template_${randomBytes(6).toString('hex')}`;
  globalThis.testServers = [clickHouse, redis];
}
