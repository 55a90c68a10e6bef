import type { Durability } from '@quantumtrade/dal';
import { Random } from '@quantumtrade/dal-testing';
import { Feed, PATIENCE_MS } from './faults/feed.js';
import { KillableServer, RETRY } from './faults/killable-server.js';
import { ascending, inspect, NOTHING_WRONG, readBack } from './faults/stored.js';
import { PLAN, SEED } from './plan.js';

let server: KillableServer;
beforeEach(async () => {
  server = await KillableServer.start();
});
afterEach(() => server.stop());

/** More than a row has, less than a block of the feed may have. */
const GATEWAY_MAX_BYTES = 4_000;

it.each<Durability>(['acknowledged', 'journaled'])(
  `stores each %s row once when a gateway answers in place of the engine (QT_SEED=${SEED})`,
  async (durability) => {
    const random = new Random(SEED);
    const statuses: Record<number, number> = {};
    server.proxy.gatewayStatus = (byteLength) => {
      const dice = random.below(20);
      const status =
        byteLength > GATEWAY_MAX_BYTES ? 413 : dice < 4 ? 200 : dice < 6 ? 502 : dice < 8 ? 403 : undefined;
      if (status) statuses[status] = (statuses[status] ?? 0) + 1;
      return status;
    };
    const events: Record<string, number> = {};
    const database = server.open('writer', durability);
    const writer = await database.batchWriter({
      retry: RETRY,
      onEvent: ({ type }) => (events[type] = (events[type] ?? 0) + 1),
    });
    const feed = new Feed(writer, random);
    for (let round = 0; round < PLAN.gatewayRounds; round++) {
      await Promise.all(Array.from({ length: 8 }, () => feed.write()));
    }
    await writer.close({ deadline: Date.now() + PATIENCE_MS });

    const { stored, ...findings } = await inspect(server, feed.acknowledged);
    console.log(
      `${durability}: gateway ${JSON.stringify(statuses)}, events ${JSON.stringify(events)}; rows: ${feed.writtenCount} written, ${feed.acknowledged.size} acknowledged, ${stored.size} stored`,
    );
    expect(findings).toEqual(NOTHING_WRONG);
    expect(await readBack(database)).toEqual(ascending(stored));
    expect(await database.deadLetters.list()).toEqual([]);
    expect(events['delivery-paused'] ?? 0).toBe(events['delivery-resumed'] ?? 0);
    if (durability === 'journaled') {
      expect(feed.acknowledged.size).toBe(feed.writtenCount);
      expect(events['delivery-paused'] ?? 0).toBeLessThanOrEqual(statuses[403] ?? 0);
    } else {
      expect(Object.keys(feed.rejected).filter((code) => code !== 'CONNECTION')).toEqual([]);
    }
  },
);

it('pauses delivery while the password is wrong, and loses nothing', async () => {
  const database = server.open('writer', 'journaled');
  const events: string[] = [];
  const writer = await database.batchWriter({ retry: RETRY, onEvent: ({ type }) => events.push(type) });
  const feed = new Feed(writer, new Random(SEED));
  await feed.write();
  const right = server.proxy.target!;
  server.proxy.target = { ...right, password: 'wrong' };
  for (let i = 0; i < 5; i++) await feed.write();
  while (!events.includes('delivery-paused')) await feed.write();
  expect(writer.progress().deliveryPausedBy).toMatch(/refused the login/);
  expect((await database.health()).pausedDeliveries).toHaveLength(1);
  server.proxy.target = right;
  await writer.close({ deadline: Date.now() + PATIENCE_MS });
  expect(events.filter((type) => type.startsWith('delivery-p') || type.startsWith('delivery-r'))).toEqual([
    'delivery-paused',
    'delivery-resumed',
  ]);
  const { stored, ...findings } = await inspect(server, feed.acknowledged);
  expect(findings).toEqual(NOTHING_WRONG);
  expect([stored.size, feed.acknowledged.size]).toEqual([feed.writtenCount, feed.writtenCount]);
});
