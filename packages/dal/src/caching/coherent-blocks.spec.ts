import type { Cache, EncodedBlock } from '@quantumtrade/dal-domain';
import { CacheError, ConnectionError, QueryError } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { turn } from '@quantumtrade/dal-testing';
import { bars } from '@quantumtrade/dal-testing/records';
import type { DatabaseAbstraction } from '../database-abstraction.js';
import { Processes } from '../testing/processes.js';

const away = new ConnectionError('away', { operation: 'test' });
const refused = new QueryError('INSERT', 'no such column', { operation: 'test' });
const KEY = 'market:A:latest';

let memory: ReturnType<typeof memoryTimeSeries>;
let cache: Cache;
let processes: Processes;

beforeEach(() => {
  memory = memoryTimeSeries();
  const backend = memoryCacheBackend();
  cache = backend.cache;
  processes = new Processes(memory, backend);
});

afterEach(() => processes.end());

const latest = async (database: DatabaseAbstraction) =>
  Number((await database.getLatestMarketData('A', 1)).data[0]?.timestamp);

/** A data layer whose cache holds the bar of the instant 1. */
async function withCachedBar(): Promise<DatabaseAbstraction> {
  const database = await processes.open();
  await database.insertMarketData(bars(['A'], () => 1));
  await latest(database);
  expect(await cache.exists(KEY)).toBe(true);
  return database;
}

const until = async (isDone: () => boolean | Promise<boolean>) => {
  while (!(await isDone())) await turn();
};

it('a batch writer leaves nothing old cached when its write resolves', async () => {
  const database = await withCachedBar();
  const writer = await database.batchWriter({ maxRows: 1 });
  await writer.write(
    'marketData',
    bars(['A'], () => 2),
  );
  expect(await latest(database)).toBe(2);
  await writer.write('features', [{ symbol: 'A', timestamp: 1, version: 1, features: { rsi: 1 } }]);
  expect(await database.features.latestValue('A', 'rsi')).toBe(1);
  await writer.write('features', [{ symbol: 'A', timestamp: 2, version: 1, features: { rsi: 2 } }]);
  expect(await database.features.latestValue('A', 'rsi')).toBe(2);
  expect((await database.getLatestFeatures('A'))?.features).toEqual({ rsi: 2 });
});

it('a batch writer of columns leaves nothing old cached', async () => {
  const database = await withCachedBar();
  const writer = await database.batchWriter({ maxRows: 1 });
  const { symbol: _, timestamp: __, ...values } = bars(['A']).records[0]!;
  await writer.write('marketData', {
    columns: { symbol: ['A'], timestamp: [2] },
    constants: { source: 'test', ...values },
  } as never);
  expect(await latest(database)).toBe(2);
});

it('a journaled block invalidates the cache when it is delivered', async () => {
  const database = await withCachedBar();
  let deliver = () => {};
  const held = new Promise<void>((resolve) => (deliver = resolve));
  processes.write = async (...call) => {
    await held;
    return memory.blocks.write(...call);
  };
  const writer = await database.batchWriter({ durability: 'journaled', maxRows: 1 });
  await writer.write(
    'marketData',
    bars(['A'], () => 2),
  );
  expect(await cache.exists(KEY)).toBe(true);
  deliver();
  await until(() => writer.progress().journaledBlocks === 0);
  expect(await latest(database)).toBe(2);
});

it('a journaled block of another process invalidates the cache', async () => {
  processes.write = () => Promise.reject(away);
  const first = await withCachedBar();
  const writer = await first.batchWriter({ durability: 'journaled', maxRows: 1 });
  await writer.write(
    'marketData',
    bars(['A'], () => 2),
  );
  await writer.close({ deadline: Date.now() }).catch(() => undefined);
  await turn();
  processes.write = memory.blocks.write;
  const second = await processes.open();
  await until(async () => {
    const next = await second.batchWriter().catch(() => undefined);
    await next?.close();
    return (await memory.marketData.latest('A', 1)).data[0]?.timestamp.getTime() === 2;
  });
  expect(await latest(second)).toBe(2);
});

it('a replayed dead letter invalidates the cache', async () => {
  processes.write = () => Promise.reject(refused);
  const first = await withCachedBar();
  const writer = await first.batchWriter({ maxRows: 1 });
  await writer
    .write(
      'marketData',
      bars(['A'], () => 2),
    )
    .catch(() => undefined);
  await first.transaction((tx) => tx.insertMarketData(bars(['A'], () => 3))).catch(() => undefined);
  processes.write = memory.blocks.write;
  const second = await processes.open();
  for (const { id } of await second.deadLetters.list()) {
    await latest(second);
    await second.replayDeadLetters([id]);
    expect(await latest(second)).toBe(Number((await memory.marketData.latest('A', 1)).data[0]!.timestamp));
  }
  expect(await latest(second)).toBe(3);
});

it('caches no load during the write of a block without keys', async () => {
  const { database, answer } = await withSlowLoad();
  const letter = { reason: { code: 'QUERY', message: 'no' }, at: 1, block: blockOf(2) };
  await database.deadLetters.add(letter);
  const loading = latest(database);
  await turn();
  await database.replayDeadLetters([letter.block.id]);
  answer();
  expect(await loading).toBe(1);
  expect(await latest(database)).toBe(2);
});

it.each<[string, () => Promise<never>]>([
  ['fails', () => Promise.reject(new CacheError('gone', { operation: 'cache.delete' }))],
  ['breaks its promises', () => Promise.reject(new Error('a bug'))],
  [
    'throws at once',
    () => {
      throw new Error('a bug');
    },
  ],
])('a write succeeds when the cache %s', async (_, fail) => {
  const database = await withCachedBar();
  const writer = await database.batchWriter({ maxRows: 1 });
  for (const method of [
    'delete',
    'deleteMany',
    'getEntry',
    'getEntryOrSet',
    'setIfUnchanged',
    'replaceIfNewer',
  ] as const)
    cache[method] = fail;
  await expect(
    writer.write(
      'marketData',
      bars(['A'], () => 2),
    ),
  ).resolves.toMatchObject({ acceptedCount: 1 });
  await expect(database.insertMarketData(bars(['A'], () => 3))).resolves.toMatchObject({ insertedCount: 1 });
  await expect(
    database.transaction((tx) => tx.insertMarketData(bars(['A'], () => 4))),
  ).resolves.toMatchObject({
    rowCounts: { marketData: 1 },
  });
  expect((await memory.marketData.find({ symbol: 'A' })).totalCount).toBe(4);
});

it('removes a cached value that could not be replaced', async () => {
  const database = await withCachedBar();
  cache.replaceIfNewer = () => Promise.reject(new Error('a bug'));
  await database.insertMarketData(bars(['A'], () => 2));
  expect(await latest(database)).toBe(2);
});

/** A data layer whose next load of a bar is held back after it has read the bar of the instant 1. */
async function withSlowLoad() {
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  const { latest: load } = memory.marketData;
  memory.marketData.latest = (async (...call: Parameters<typeof load>) => {
    const found = await load(...call);
    await held;
    return found;
  }) as typeof load;
  const database = await processes.open();
  await database.insertMarketData(bars(['A'], () => 1));
  return { database, answer };
}

function blockOf(timestamp: number): EncodedBlock {
  const collector = memory.blocks.collect('marketData');
  collector.append(bars(['A'], () => timestamp));
  return collector.finish()[0]!;
}
