import type { Durability } from '@quantumtrade/dal';
import { Random } from '@quantumtrade/dal-testing';
import { CheckedWriter, PATIENT_MS } from './writing/checked-writer.js';
import { KillableServer, RETRY } from './writing/killable-server.js';
import { ascending, inspectTable, NO_FINDINGS, readNumbers } from './writing/inspect-table.js';
import { PLAN, SEED } from './plan.js';

let server: KillableServer;
beforeAll(async () => {
  server = await KillableServer.start();
});
beforeEach(() => server.renew());
afterAll(() => server.stop());

/** Larger than a row and smaller than a large block. */
const GATEWAY_MAX_BYTES = 4_000;

it.each<Durability>(['acknowledged', 'journaled'])(
  `each %s row is stored once when a gateway answers (QT_SEED=${SEED})`,
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
    const feed = new CheckedWriter(writer, random);
    for (let round = 0; round < PLAN.gatewayRounds; round++) {
      await Promise.all(Array.from({ length: 8 }, () => feed.write()));
    }
    await writer.close({ deadline: Date.now() + PATIENT_MS });

    const { stored, ...findings } = await inspectTable(server, feed.acknowledged);
    console.log(
      `${durability}: gateway ${JSON.stringify(statuses)}, events ${JSON.stringify(events)}; rows: ${feed.writtenCount} written, ${feed.acknowledged.size} acknowledged, ${stored.size} stored`,
    );
    expect(findings).toEqual(NO_FINDINGS);
    expect(await readNumbers(database)).toEqual(ascending(stored));
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

it('a wrong password pauses delivery and loses no row', async () => {
  const database = server.open('writer', 'journaled');
  const events: string[] = [];
  const writer = await database.batchWriter({ retry: RETRY, onEvent: ({ type }) => events.push(type) });
  const feed = new CheckedWriter(writer, new Random(SEED));
  await feed.write();
  const right = server.proxy.target!;
  server.proxy.target = { ...right, password: 'wrong' };
  for (let i = 0; i < 5; i++) await feed.write();
  while (!events.includes('delivery-paused')) await feed.write();
  expect(writer.progress().deliveryPausedBy).toMatch(/refused the login/);
  expect((await database.health()).pausedDeliveries).toHaveLength(1);
  server.proxy.target = right;
  await writer.close({ deadline: Date.now() + PATIENT_MS });
  expect(events.filter((type) => type.startsWith('delivery-p') || type.startsWith('delivery-r'))).toEqual([
    'delivery-paused',
    'delivery-resumed',
  ]);
  const { stored, ...findings } = await inspectTable(server, feed.acknowledged);
  expect(findings).toEqual(NO_FINDINGS);
  expect([stored.size, feed.acknowledged.size]).toEqual([feed.writtenCount, feed.writtenCount]);
});
