import { tsImport } from 'tsx/esm/api';

/** Starts the servers once for a package's tests, which find them in CLICKHOUSE_URL and REDIS_URL. */
export default async function setUp() {
  const { testClickHouse, testRedis } = await tsImport('./servers.ts', import.meta.url);
  const [clickHouse, redis] = await Promise.all([testClickHouse(), testRedis()]);
  process.env.CLICKHOUSE_URL = clickHouse.url;
  process.env.REDIS_URL = redis.url;
  globalThis.testServers = [clickHouse, redis];
}
