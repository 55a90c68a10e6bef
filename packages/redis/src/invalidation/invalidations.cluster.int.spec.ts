import { randomUUID } from 'node:crypto';
import { HearingListener } from '@quantumtrade/dal-conformance';
import { until } from '@quantumtrade/dal-testing';
import { RedisClusterProcesses } from '@quantumtrade/dal-testing/redis';
import type { RedisSettings } from '../settings.js';
import { anything, closeAll, connect } from '../testing/connected.js';

let cluster: RedisClusterProcesses;
let keyPrefix: string;

beforeAll(async () => {
  cluster = await RedisClusterProcesses.start(3, 1);
});
afterAll(() => cluster.stop());
beforeEach(() => {
  keyPrefix = `${randomUUID()}:`;
});
afterEach(closeAll);

async function listening(settings: Partial<RedisSettings> = {}) {
  const backend = connect({ ...cluster.settings, keyPrefix, ...settings });
  const listener = new HearingListener();
  backend.invalidations.listen(listener);
  await listener.until('(connected)');
  return { backend, listener };
}

/** A key of each shard; the adapter's prefix counts. */
async function keysOfShards(): Promise<string[]> {
  const keys = await Promise.all(cluster.masters.map((master) => cluster.keyOn(master, keyPrefix)));
  return keys.map((key) => key.slice(keyPrefix.length));
}

it('tells of changes on every master by foreign clients', async () => {
  const { listener } = await listening();
  for (const key of await keysOfShards()) {
    await cluster.client.set(keyPrefix + key, '1');
    await listener.until(key);
  }
});

it('tells of a change after every server that may answer a read has it', async () => {
  const { listener } = await listening({ readFrom: 'replica' });
  const [key] = await keysOfShards();
  await cluster.client.set(keyPrefix + key!, '1');
  const fromMaster = await listener.until(key!);
  await listener.until(key!, fromMaster);
});

it('says that it is disconnected when one of its connections is killed, and is back with all', async () => {
  const { listener } = await listening();
  const keys = await keysOfShards();
  for (const { redis } of cluster.masters) {
    const from = listener.heard.length;
    await redis.client('KILL', 'TYPE', 'PUBSUB');
    await listener.until('(disconnected)', from);
    const back = await listener.until('(connected)', from);
    for (const key of keys) {
      await cluster.client.set(keyPrefix + key, '1');
      await listener.until(key, back);
    }
  }
});

it('tells of keys that move to another node, and of their changes there', async () => {
  const { backend, listener } = await listening();
  const [key] = await keysOfShards();
  const [from, to] = cluster.masters;
  await backend.cache.set(key!, 1, 600);
  const written = await listener.until(key!);
  const slot = await from!.redis.cluster('KEYSLOT', keyPrefix + key!);
  await cluster.moveSlot(slot, from!, to!);
  const moved = await listener.until(key!, written);
  expect(await backend.cache.get(key!, anything)).toBe(1);
  await until(
    async () => listener.heard.lastIndexOf('(disconnected)') < listener.heard.lastIndexOf('(connected)'),
  );
  await cluster.client.set(keyPrefix + key!, '2');
  await listener.until(key!, moved);
  await cluster.moveSlot(slot, to!, from!);
});

it('is disconnected from the loss of a master on, and tells of changes of its keys once its successor is listened to', async () => {
  const { listener } = await listening();
  const [key] = await keysOfShards();
  const [victim] = cluster.masters;
  await victim!.server.kill();
  const lost = await listener.until('(disconnected)');
  await until(async () => {
    await cluster.client.set(keyPrefix + key!, '1').catch(() => undefined);
    return listener.heard.includes(key!, lost);
  });
  await victim!.server.start();
});
