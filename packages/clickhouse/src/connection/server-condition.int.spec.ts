import { bars } from '@quantumtrade/dal-testing/records';
import { until } from '@quantumtrade/dal-testing';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';

let own: OwnBackend;
beforeAll(async () => {
  own = await openOwnBackend();
});
afterAll(() => own.close());

const condition = async () => (await own.backend.probe.conditions!())[0]!;

it('condition names disks, fullest partitions and pending mutations', async () => {
  await own.sql.command('test', 'SYSTEM STOP MERGES market_data');
  const month = (n: number) => Date.UTC(2024, n, 1);
  for (let n = 0; n < 3; n++) await own.backend.marketData.insert(bars([`S${n}`], () => month(1)));
  await own.backend.marketData.insert(bars(['A'], () => month(0)));
  const before = await condition();
  expect(before).toMatchObject({ name: new URL(own.settings.url).host, replication: [], mutations: [] });
  expect(before.error).toBeUndefined();
  for (const { freeBytes, totalBytes } of before.disks) {
    expect(freeBytes).toBeGreaterThan(0);
    expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
  }
  expect(before.disks.length).toBeGreaterThan(0);
  expect(before.partitions).toContainEqual({
    ...{ table: 'market_data', partition: '202402', parts: 3 },
    maxParts: expect.any(Number),
  });
  expect(before.partitions.find(({ table }) => table === 'market_data')!.maxParts).toBeGreaterThan(100);

  await own.sql.command('test', 'ALTER TABLE market_data MODIFY SETTING parts_to_throw_insert = 7');
  await own.sql.command(
    'test',
    "ALTER TABLE market_data UPDATE close = throwIf(1, 'secret') WHERE 1 SETTINGS mutations_sync = 0",
  );
  const { partitions, mutations } = await condition();
  expect(partitions.find(({ table }) => table === 'market_data')!.maxParts).toBe(7);
  expect(mutations).toEqual([
    {
      ...{ table: 'market_data', mutation: expect.any(String), ageSeconds: expect.any(Number) },
      failure: null,
    },
  ]);

  await own.sql.command('test', 'SYSTEM START MERGES market_data');
  await until(async () => (await condition()).mutations[0]?.failure != null);
  const [failed] = (await condition()).mutations;
  expect(failed!.failure).toMatch(/^[A-Z_]+$/);
  await own.sql.command('test', `KILL MUTATION WHERE mutation_id = '${failed!.mutation}'`);
});
