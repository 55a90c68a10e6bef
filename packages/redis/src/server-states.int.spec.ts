import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rejectionOf } from '@quantumtrade/dal-conformance';
import type { CacheBackend } from '@quantumtrade/dal-domain';
import { anyValue } from '@quantumtrade/dal-domain';
import { until } from '@quantumtrade/dal-testing';
import { RedisClusterProcesses, type RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { closeAll, connect, untilAnswered } from './testing/connected.js';
import { killServers, startRedis } from './testing/started-servers.js';

/** Folder in which the server saves its data. */
let directory: string;
let server: RedisProcess;
let redis: Redis;
/** Its commands are answered late or never. */
let waiting: Redis;
let backend: CacheBackend;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redis-states-'));
  server = await startRedis(
    '--dir',
    directory,
    '--enable-debug-command',
    'local',
    '--enable-protected-configs',
    'local',
  );
  redis = new Redis(server.url);
  waiting = new Redis(server.url);
  backend = connect({ url: server.url });
});
afterAll(async () => {
  redis.disconnect();
  waiting.disconnect();
  await closeAll();
  await killServers();
  await rm(directory, { recursive: true });
});

const write = () => backend.cache.set('key', 1, 60);
const read = () => backend.cache.get('key', anyValue);

/** State of a server in which it answers a call with an error. */
interface ServerState {
  readonly reply: string;
  readonly enter: () => Promise<unknown>;
  readonly leave: () => Promise<unknown>;
  readonly call: () => Promise<unknown>;
}

const states: ServerState[] = [
  {
    reply: 'MISCONF',
    enter: async () => {
      const gone = await mkdtemp(join(directory, 'gone-'));
      await redis.config('SET', 'dir', gone);
      await rm(gone, { recursive: true });
      await redis.config('SET', 'save', '3600 1000000');
      await redis.bgsave();
      await until(async () => /rdb_last_bgsave_status:err/.test(await redis.info('persistence')));
    },
    leave: async () => {
      await redis.config('SET', 'save', '');
      await redis.config('SET', 'dir', directory);
    },
    call: write,
  },
  {
    reply: 'MASTERDOWN',
    enter: async () => {
      await redis.config('SET', 'replica-serve-stale-data', 'no');
      await redis.replicaof('127.0.0.1', 1);
    },
    leave: async () => {
      await redis.replicaof('NO', 'ONE');
      await redis.config('SET', 'replica-serve-stale-data', 'yes');
    },
    call: read,
  },
  {
    reply: 'NOREPLICAS',
    enter: () => redis.config('SET', 'min-replicas-to-write', '1'),
    leave: () => redis.config('SET', 'min-replicas-to-write', '0'),
    call: write,
  },
  {
    reply: 'BUSY',
    enter: async () => {
      await redis.config('SET', 'busy-reply-threshold', '1');
      void waiting.eval('while true do end', 0).catch(() => undefined);
      await until(async () => (await redis.ping().catch(String)).includes('BUSY'));
    },
    leave: async () => {
      await redis.script('KILL' as never);
      await until(async () => (await redis.ping().catch(String)) === 'PONG');
      await redis.config('SET', 'busy-reply-threshold', '5000');
    },
    call: read,
  },
  {
    reply: 'LOADING',
    enter: async () => {
      await redis.call('DEBUG', 'POPULATE', '1000');
      await redis.config('SET', 'loading-process-events-interval-bytes', '1024');
      await redis.config('SET', 'key-load-delay', '5000');
      void waiting.call('DEBUG', 'RELOAD').catch(() => undefined);
      await until(async () => (await redis.get('key').catch(String))?.includes('LOADING') === true);
    },
    leave: async () => {
      await redis.config('SET', 'key-load-delay', '0');
    },
    call: read,
  },
];

it.each(states)(
  '$reply of a server fails the call, and a later one succeeds',
  async ({ reply, enter, leave, call }) => {
    await untilAnswered(backend);
    await enter();
    const error = await rejectionOf(call).finally(leave);
    expect(error).toMatchObject({ code: 'CACHE', retryable: true });
    expect(error.message).toMatch(`the server answered ${reply} at ${new URL(server.url).host}`);
    await untilAnswered(backend);
    await call();
  },
);

it('a slot without a master fails calls for its keys', async () => {
  const cluster = await RedisClusterProcesses.start(1, 0);
  try {
    const { cache } = connect(cluster.settings);
    await cache.set('key', 1, 60);
    const { redis: node } = cluster.masters[0]!;
    const slot = await node.cluster('KEYSLOT', 'key');
    await node.cluster('DELSLOTS', slot);
    const error = await rejectionOf(() => cache.get('key', anyValue));
    expect(error).toMatchObject({ code: 'CACHE', retryable: true });
    expect(error.message).toMatch('the cluster redirected the call too often');
    await node.cluster('ADDSLOTS', slot);
    await until(() => cache.exists('key').catch(() => false));
  } finally {
    await closeAll();
    await cluster.stop();
  }
});
