import { bars } from '@quantumtrade/dal-testing/records';
import { until } from '@quantumtrade/dal-testing';
import { connectClickHouse } from '../backend.js';
import type { RetentionSettings } from '../settings.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';

const DAY = 86_400_000;
const DELETED_AFTER_10_DAYS = { marketData: { deleteAfterDays: 10 } };
const TEN_DAYS = 'timestamp + toIntervalDay(10)';

let own: OwnBackend;
beforeEach(async () => {
  own = await openOwnBackend();
});
afterEach(() => own.close());

/** Runs work on a backend of the same database with a retention. */
async function withRetention<T>(
  retention: RetentionSettings,
  work: (backend: OwnBackend['backend']) => Promise<T>,
): Promise<T> {
  const backend = connectClickHouse(own.settings, { retention });
  try {
    return await work(backend);
  } finally {
    await backend.probe.close();
  }
}

/** Stores a bar of each age, named by it. */
function storeAges(...days: number[]) {
  const [...left] = days;
  const names = days.map((age) => `${age}`);
  return own.backend.marketData.insert(bars(names, () => Date.now() - left.shift()! * DAY));
}

const ages = async () =>
  (
    await own.sql.rows<{ symbol: string }>(
      'test',
      'SELECT symbol FROM market_data FINAL ORDER BY toInt32(symbol)',
    )
  ).map(({ symbol }) => Number(symbol));

const planOf = async (backend: OwnBackend['backend'], table = 'market_data') =>
  (await backend.storage.plan()).find((each) => each.table === table)!;

it('plan names statement and expired rows, and changes nothing', async () => {
  await storeAges(1, 9, 11, 400, 40_000);
  await withRetention(DELETED_AFTER_10_DAYS, async (backend) => {
    const plan = await planOf(backend);
    expect(plan).toMatchObject({
      ...{ record: 'marketData', configured: TEN_DAYS, applied: null },
      statement: `ALTER TABLE market_data MODIFY TTL ${TEN_DAYS}`,
    });
    expect(plan.expired.reduce((sum, { rows }) => sum + rows, 0)).toBe(3);
    for (const { bytes } of plan.expired) expect(bytes).toBeGreaterThan(0);
    expect(await planOf(backend, 'features')).toMatchObject({ statement: null, expired: [] });
    await backend.schema.initialize();
    await backend.schema.migrate(await backend.schema.version());
  });
  expect(await ages()).toEqual([1, 9, 11, 400, 40_000]);
});

it('apply deletes rows beyond the age and keeps younger ones', async () => {
  await storeAges(1, 9, 11, 400, 40_000, -45_000);
  await withRetention(DELETED_AFTER_10_DAYS, async ({ storage }) => {
    await expect(storage.apply()).rejects.toMatchObject({
      ...{ code: 'VALIDATION', field: 'deleteRows' },
      message: expect.stringContaining('3 rows of market_data'),
    });
    expect((await ages()).length).toBe(6);
    await storage.apply({ deleteRows: true });
    await until(async () => (await ages()).length === 3);
    expect(await ages()).toEqual([-45_000, 1, 9]);
    expect((await storage.plan())[0]).toMatchObject({ applied: TEN_DAYS, statement: null, expired: [] });
  });
  await storeAges(20);
  await own.sql.command('test', 'OPTIMIZE TABLE market_data FINAL');
  expect(await ages()).toEqual([-45_000, 1, 9]);
});

it('apply without expired rows needs no permission and is repeatable', async () => {
  await storeAges(1);
  await withRetention(DELETED_AFTER_10_DAYS, async ({ storage }) => {
    await storage.apply();
    expect((await storage.apply())[0]!.statement).toBeNull();
  });
  await withRetention({}, async ({ storage }) => {
    expect((await storage.apply())[0]!.statement).toBe('ALTER TABLE market_data REMOVE TTL');
    expect((await storage.plan())[0]).toMatchObject({ applied: null, statement: null });
  });
  expect(await ages()).toEqual([1]);
});

it('validate takes the configured ttl for no drift, applied or not', async () => {
  await withRetention(DELETED_AFTER_10_DAYS, async ({ storage, schema }) => {
    expect((await schema.validate()).drift).toEqual([]);
    await storage.apply();
    expect((await schema.validate()).drift).toEqual([]);
    await own.sql.command('test', 'ALTER TABLE market_data MODIFY TTL timestamp + toIntervalDay(5)');
    expect((await schema.validate()).drift).toEqual([
      { object: 'table market_data', problem: `TTL is timestamp + toIntervalDay(5), expected ${TEN_DAYS}` },
    ]);
  });
  expect((await own.backend.schema.validate()).drift).toEqual([
    { object: 'table market_data', problem: 'TTL is timestamp + toIntervalDay(5), expected none' },
  ]);
});

it('plan and usage of a database that does not exist are empty', async () => {
  const settings = { ...own.settings, database: 'qt_missing' };
  const backend = connectClickHouse(settings, { retention: DELETED_AFTER_10_DAYS });
  expect(await backend.storage.plan()).toEqual([]);
  expect((await backend.storage.usage())[0]!.partitions).toEqual([]);
  await backend.probe.close();
});

it('a volume that the storage policy lacks is refused by name', async () => {
  const rule = { moveAfterDays: 5, moveToVolume: 'cold' };
  await withRetention({ features: rule }, async ({ storage }) => {
    await expect(storage.plan()).rejects.toMatchObject({
      ...{ code: 'VALIDATION', field: 'retention.features.moveToVolume' },
      message: expect.stringContaining('which has default'),
    });
    await expect(storage.apply()).rejects.toMatchObject({ field: 'retention.features.moveToVolume' });
  });
  await withRetention({ features: { ...rule, moveToVolume: 'default' } }, async (backend) => {
    await backend.storage.apply();
    expect((await planOf(backend, 'features')).statement).toBeNull();
    expect((await backend.schema.validate()).drift).toEqual([]);
  });
});

it('old rows are recompressed where columns have no codec', async () => {
  await own.sql.command(
    'test',
    `INSERT INTO features SELECT 'A', now64(3) - toIntervalDay(40), toString(number), 1, repeat(hex(number % 97), 40), 1, 0, now64(8)
     FROM numbers(50000) SETTINGS async_insert = 0`,
  );
  const size = async () =>
    (await own.backend.storage.usage())[0]!.partitions.find(({ table }) => table === 'features')!
      .compressedBytes;
  await own.sql.command('test', 'OPTIMIZE TABLE features FINAL');
  const before = await size();
  await withRetention({ features: { recompressAfterDays: 30, recompressLevel: 9 } }, async ({ storage }) => {
    await storage.apply();
    await own.sql.command('test', 'OPTIMIZE TABLE features FINAL');
  });
  expect(await size()).toBeLessThan(0.8 * before);
});
