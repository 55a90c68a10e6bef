import { startEmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import { firstAvailable } from './first-available.js';
import { startRedisServer } from './redis-server.js';

/** A server that tests may use; `stop` ends it if it was started for them. */
export interface TestServer {
  /** With credentials, if there are any. */
  readonly url: string;
  stop(): Promise<void>;
}

const CLICKHOUSE_IMAGE = 'clickhouse/clickhouse-server:26.7';
const REDIS_IMAGE = 'redis:7.4';

/** From `CLICKHOUSE_URL`, else the embedded engine, else a container. */
export function testClickHouse(): Promise<TestServer> {
  return firstAvailable<TestServer>(
    'ClickHouse',
    [
      { name: 'CLICKHOUSE_URL', find: async () => given('CLICKHOUSE_URL') },
      { name: 'embedded engine', find: embeddedClickHouse },
      { name: `container ${CLICKHOUSE_IMAGE}`, find: clickHouseContainer },
    ],
    'Run `npm run setup` on linux or macOS (x64 or arm64), set CLICKHOUSE_URL=http://user:password@host:8123, or start Docker.',
  );
}

/** From `REDIS_URL`, else a `redis-server` on the PATH, else a container. */
export function testRedis(): Promise<TestServer> {
  return firstAvailable<TestServer>(
    'Redis',
    [
      { name: 'REDIS_URL', find: async () => given('REDIS_URL') },
      { name: 'redis-server on the PATH', find: startRedisServer },
      { name: `container ${REDIS_IMAGE}`, find: redisContainer },
    ],
    'Install redis-server (on Debian: apt-get install redis-server), set REDIS_URL=redis://host:6379, or start Docker.',
  );
}

function given(variable: string): TestServer | undefined {
  const url = process.env[variable];
  return url ? { url, stop: async () => undefined } : undefined;
}

async function embeddedClickHouse(): Promise<TestServer> {
  const server = await startEmbeddedClickHouse();
  return { url: withCredentials(server.url, server.username, server.password), stop: server.stop };
}

async function clickHouseContainer(): Promise<TestServer> {
  await getContainerRuntimeClient();
  const container = await new GenericContainer(CLICKHOUSE_IMAGE)
    .withEnvironment({ CLICKHOUSE_USER: 'dal', CLICKHOUSE_PASSWORD: 'dal' })
    .withExposedPorts(8123)
    .withWaitStrategy(Wait.forHttp('/ping', 8123))
    .start();
  const url = `http://${container.getHost()}:${container.getMappedPort(8123)}`;
  return { url: withCredentials(url, 'dal', 'dal'), stop: async () => void (await container.stop()) };
}

async function redisContainer(): Promise<TestServer> {
  await getContainerRuntimeClient();
  const container = await new GenericContainer(REDIS_IMAGE).withExposedPorts(6379).start();
  const url = `redis://${container.getHost()}:${container.getMappedPort(6379)}`;
  return { url, stop: async () => void (await container.stop()) };
}

function withCredentials(address: string, username: string, password: string): string {
  const url = new URL(address);
  url.username = username;
  url.password = password;
  return url.href;
}
