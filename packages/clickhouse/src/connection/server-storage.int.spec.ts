import { until } from '@quantumtrade/dal-testing';
import { bars } from '@quantumtrade/dal-testing/records';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';

let own: OwnBackend;
beforeAll(async () => {
  own = await openOwnBackend();
});
afterAll(() => own.close());

const marketData = async () => {
  const [server] = await own.backend.storage.usage();
  expect(server).toMatchObject({ name: new URL(own.settings.url).host });
  expect(server!.error).toBeUndefined();
  return server!.partitions.filter(({ table }) => table === 'market_data');
};

it('storage and ingested rows are those that the tables have', async () => {
  const month = (n: number) => Date.UTC(2024, n, 1);
  await own.backend.marketData.insert(bars(['A', 'B'], () => month(0)));
  await own.backend.marketData.insert(bars(['A'], () => month(1)));
  const [counted] = await own.sql.rows<{ compressed: number; uncompressed: number }>(
    'test',
    `SELECT toFloat64(sum(data_compressed_bytes)) AS compressed, toFloat64(sum(data_uncompressed_bytes)) AS uncompressed
     FROM system.parts WHERE active AND database = currentDatabase() AND table = 'market_data'`,
  );
  const partitions = await marketData();
  expect(partitions.map(({ partition, rows, parts }) => [partition, rows, parts])).toEqual([
    ['202401', 2, 1],
    ['202402', 1, 1],
  ]);
  const sum = (of: (each: (typeof partitions)[number]) => number) =>
    partitions.reduce((total, each) => total + of(each), 0);
  expect(sum(({ compressedBytes }) => compressedBytes)).toBe(counted!.compressed);
  expect(sum(({ uncompressedBytes }) => uncompressedBytes)).toBe(counted!.uncompressed);
  const collector = own.backend.blocks.collect('marketData');
  collector.append(bars(['C'], () => month(2)));
  const [block] = collector.finish();
  const before = own.backend.ingested!().find(({ record }) => record === 'marketData')!;
  await own.backend.blocks.write(block!);
  expect(own.backend.ingested!()).toContainEqual({
    record: 'marketData',
    rows: 4,
    bytes: before.bytes + block!.bytes.byteLength,
  });
});

it('partitions beyond the largest ones are counted together', async () => {
  const months = Array.from({ length: 203 }, (_, n) => Date.UTC(1990, n, 1));
  const symbols = months.map((_, n) => `S${n}`);
  let next = 0;
  await own.backend.marketData.insert(bars(symbols, () => months[next++]!));
  const partitions = await marketData();
  expect(partitions.length).toBeLessThanOrEqual(201);
  const others = partitions.find(({ partition }) => partition === 'other')!;
  expect(others.parts).toBeGreaterThanOrEqual(6);
  expect(others.partsOfFullest).toBe(1);
  expect(others.newest! - others.oldest!).toBeGreaterThanOrEqual(5 * 28 * 86_400_000);
  const sum = (of: 'parts' | 'rows') => partitions.reduce((total, { [of]: each }) => total + each, 0);
  expect([sum('parts'), sum('rows')]).toEqual([206, 207]);
});

it('usage counts unfinished mutations and those that fail', async () => {
  await own.backend.marketData.insert(bars(['M']));
  const counts = async () => {
    const [server] = await own.backend.storage.usage();
    return [server!.unfinishedMutations, server!.failedMutations];
  };
  expect(await counts()).toEqual([0, 0]);
  const change = "ALTER TABLE market_data UPDATE close = throwIf(1, 'x') WHERE 1 SETTINGS mutations_sync = 0";
  await own.sql.command('test', change);
  await until(async () => (await counts())[1] === 1);
  expect(await counts()).toEqual([1, 1]);
  await own.sql.command('test', "KILL MUTATION WHERE database = currentDatabase() AND table = 'market_data'");
  expect(await counts()).toEqual([0, 0]);
});
