import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  startEmbeddedClickHouse,
  type EmbeddedClickHouseOptions,
} from '@quantumtrade/dal-clickhouse-embedded';
import { loginOf, queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { hasRadosGateway, RadosGateway } from '@quantumtrade/dal-testing/s3';
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import { firstAvailable } from './first-available.js';

/** A server that tests may use. `stop` stops it if it was started for them. */
export interface TestServer {
  /** URL with credentials, if the server requires any. */
  readonly url: string;
  stop(): Promise<void>;
}

const CLICKHOUSE_IMAGE = 'clickhouse/clickhouse-server:26.7';
const REDIS_IMAGE = 'redis:7.4';

/** Returns the server at `CLICKHOUSE_URL`, or starts the embedded engine, or a container. */
export function testClickHouse(): Promise<TestServer> {
  return firstAvailable<TestServer>(
    'ClickHouse',
    [
      { name: 'CLICKHOUSE_URL', find: async () => given('CLICKHOUSE_URL') },
      { name: 'embedded engine', find: () => embeddedClickHouse() },
      { name: `container ${CLICKHOUSE_IMAGE}`, find: clickHouseContainer },
    ],
    'Run `npm run setup` on linux or macOS (x64 or arm64), set CLICKHOUSE_URL=http://user:password@host:8123, or start Docker.',
  );
}

/** Returns the server at `REDIS_URL`, or starts a `redis-server` from the PATH, or a container. */
export function testRedis(): Promise<TestServer> {
  return firstAvailable<TestServer>(
    'Redis',
    [
      { name: 'REDIS_URL', find: async () => given('REDIS_URL') },
      { name: 'redis-server on the PATH', find: redisProcess },
      { name: `container ${REDIS_IMAGE}`, find: redisContainer },
    ],
    'Install redis-server (on Debian: apt-get install redis-server), set REDIS_URL=redis://host:6379, or start Docker.',
  );
}

/** Whether {@link testS3} returns a server. Tests that need it are skipped otherwise. */
export const hasS3 = (): boolean => Boolean(process.env['S3_URL']) || hasRadosGateway();

/** An S3 server for tests. */
export interface TestS3Server extends TestServer {
  /** The process of a server that was started for these tests, which they may suspend. @default one at `S3_URL` */
  readonly gateway?: RadosGateway;
}

/** Returns the S3 server at `S3_URL`, or starts Ceph's from the PATH. Its URL has the access key and the secret key. */
export function testS3(): Promise<TestS3Server> {
  return firstAvailable<TestS3Server>(
    'S3',
    [
      { name: 'S3_URL', find: async () => given('S3_URL') },
      { name: 'radosgw on the PATH', find: radosGateway },
    ],
    'Install radosgw, ceph-mon and ceph-osd (on Debian, by apt-get), or set S3_URL=http://access-key:secret-key@host:port.',
  );
}

/** A name for a database that the tests on a server may create and share. `stop` drops it. */
export function sharedDatabase({ url }: TestServer): { readonly name: string; stop(): Promise<void> } {
  const name = `test_template_${randomBytes(6).toString('hex')}`;
  return {
    name,
    stop: async () => void (await queryClickHouse(loginOf(url), `DROP DATABASE IF EXISTS ${name} SYNC`)),
  };
}

function given(variable: string): TestServer | undefined {
  const url = process.env[variable];
  return url ? { url, stop: async () => undefined } : undefined;
}

/** Starts an embedded engine. Its URL has the user and the password. */
export async function embeddedClickHouse(options?: EmbeddedClickHouseOptions): Promise<TestServer> {
  const server = await startEmbeddedClickHouse(options);
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

/** Returns undefined when there is no `redis-server` on the PATH. */
async function redisProcess(): Promise<TestServer | undefined> {
  if (spawnSync('redis-server', ['--version']).error) return undefined;
  const server = await RedisProcess.start();
  return { url: server.url, stop: () => server.kill() };
}

async function radosGateway(): Promise<TestS3Server | undefined> {
  if (!hasRadosGateway()) return undefined;
  const gateway = await RadosGateway.start();
  const { accessKeyId, secretAccessKey } = gateway.login;
  const url = withCredentials(gateway.url, accessKeyId, secretAccessKey);
  return { url, gateway, stop: () => gateway.kill() };
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
