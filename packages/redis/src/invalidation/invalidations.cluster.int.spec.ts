import { anyValue } from '@quantumtrade/dal-domain';
import { randomUUID } from 'node:crypto';
import { RecordingListener } from '@quantumtrade/dal-conformance';
import { until } from '@quantumtrade/dal-testing';
import { RedisClusterProcesses } from '@quantumtrade/dal-testing/redis';
import type { RedisSettings } from '../settings.js';
import { closeAll, connect } from '../testing/connected.js';

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

async function connectListener(settings: Partial<RedisSettings> = {}) {
  const backend = connect({ ...cluster.settings, keyPrefix, ...settings });
  const listener = new RecordingListener();
  backend.invalidations.listen(listener);
  await listener.until('(connected)');
  return { backend, listener };
}

/** Returns a key of each shard, without the prefix. */
async function keysOfShards(): Promise<string[]> {
  const keys = await Promise.all(cluster.masters.map((master) => cluster.keyOn(master, keyPrefix)));
  return keys.map((key) => key.slice(keyPrefix.length));
}

it('changes by foreign clients are announced from every master', async () => {
  const { listener } = await connectListener();
  for (const key of await keysOfShards()) {
    await cluster.client.set(keyPrefix + key, '1');
    await listener.until(key);
  }
});

it('a change is announced by every server that answers reads', async () => {
  const { listener } = await connectListener({ readFrom: 'replica' });
  const [key] = await keysOfShards();
  await cluster.client.set(keyPrefix + key!, '1');
  const fromMaster = await listener.until(key!);
  await listener.until(key!, fromMaster);
});

it('one killed connection disconnects the listener until all are back', async () => {
  const { listener } = await connectListener();
  const keys = await keysOfShards();
  for (const { redis } of cluster.masters) {
    const from = listener.events.length;
    await redis.client('KILL', 'TYPE', 'PUBSUB');
    await listener.until('(disconnected)', from);
    const back = await listener.until('(connected)', from);
    for (const key of keys) {
      await cluster.client.set(keyPrefix + key, '1');
      await listener.until(key, back);
    }
  }
});

it('a moved key is announced, and so are its later changes', async () => {
  const { backend, listener } = await connectListener();
  const [key] = await keysOfShards();
  const [from, to] = cluster.masters;
  await backend.cache.set(key!, 1, 600);
  const written = await listener.until(key!);
  const slot = await from!.redis.cluster('KEYSLOT', keyPrefix + key!);
  await cluster.moveSlot(slot, from!, to!);
  const moved = await listener.until(key!, written);
  expect(await backend.cache.get(key!, anyValue)).toBe(1);
  await until(
    async () => listener.events.lastIndexOf('(disconnected)') < listener.events.lastIndexOf('(connected)'),
  );
  await cluster.client.set(keyPrefix + key!, '2');
  await listener.until(key!, moved);
  await cluster.moveSlot(slot, to!, from!);
});

it('a lost master disconnects the listener until its successor is connected', async () => {
  const { listener } = await connectListener();
  const [key] = await keysOfShards();
  const [victim] = cluster.masters;
  await victim!.server.kill();
  const lost = await listener.until('(disconnected)');
  await until(async () => {
    await cluster.client.set(keyPrefix + key!, '1').catch(() => undefined);
    return listener.events.includes(key!, lost);
  });
  await victim!.server.start();
});
