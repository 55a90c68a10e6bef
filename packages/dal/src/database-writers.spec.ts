import { ConnectionError } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { DatabaseAbstraction } from './database-abstraction.js';
import type { WriterStorage } from '@quantumtrade/dal-writer';
import { buildRow } from '@quantumtrade/dal-testing/records';

const batch = {
  source: 'vendor',
  records: [
    buildRow('marketData', { symbol: 'A' }),
    buildRow('marketData', { symbol: 'A', timestamp: 1, close: NaN }),
  ],
};

const storage = (): WriterStorage => ({
  deadLetters: memoryDeadLetters(),
  openJournal: () => Promise.resolve(undefined),
});
const openWithWriters = (durability?: 'journaled') =>
  new DatabaseAbstraction({
    timeSeries: memoryTimeSeries(),
    cache: memoryCacheBackend(),
    writing: { storage: storage(), durability },
  });

it('close settles the rows of open batch writers', async () => {
  const database = openWithWriters();
  const writer = await database.batchWriter({ maxAgeMs: 60_000 });
  const write = writer.write('marketData', batch);
  await writer.flush();
  expect(await write).toMatchObject({ acceptedCount: 1, failedCount: 1, durability: 'acknowledged' });
  expect((await database.getMarketData({})).totalCount).toBe(1);
  expect(database.operationStatistics()['blocks.write']?.count).toBe(1);
  const last = writer.write('marketData', batch);
  await database.close();
  expect(await last).toMatchObject({ acceptedCount: 1 });
  await expect(writer.write('marketData', batch)).rejects.toMatchObject({ code: 'CONNECTION' });
});

it('a batch writer has the configured durability by default', async () => {
  const database = openWithWriters('journaled');
  await expect(database.batchWriter()).rejects.toMatchObject({ code: 'VALIDATION', field: 'durability' });
  await database.batchWriter({ durability: 'acknowledged' });
  await database.close();
});

it('a batch writer applies configured options unless its own differ', async () => {
  const timeSeries = memoryTimeSeries();
  const { write } = timeSeries.blocks;
  let attempts = 0;
  const rows: number[] = [];
  let failures = Infinity;
  const away = new ConnectionError('away', { operation: 'test' });
  timeSeries.blocks.write = (block, options) => {
    attempts++;
    if (failures-- > 0) return Promise.reject(away);
    rows.push(block.rowCount);
    return write(block, options);
  };
  const retry = { maxAttempts: 2, initialDelayMs: 1, backoffMultiplier: 1 };
  const database = new DatabaseAbstraction({
    timeSeries,
    cache: memoryCacheBackend(),
    writing: { storage: storage(), retry, maxRows: 1 },
  });
  const bar = { source: 'test', records: [batch.records[0]!] };
  const writer = await database.batchWriter();
  await expect(writer.write('marketData', bar)).rejects.toBe(away);
  expect(attempts).toBe(2);
  const stubborn = await database.batchWriter({ retry: { maxAttempts: 5 }, maxRows: 2 });
  attempts = 0;
  const writes = [stubborn.write('marketData', bar), stubborn.write('marketData', bar)];
  failures = 4;
  await Promise.all(writes);
  expect(attempts).toBe(5);
  expect(rows).toEqual([2]);
  failures = 1;
  await database.transaction((tx) => tx.insertMarketData(bar));
  await database.close();
});

it('replayDeadLetters stores a dead letter', async () => {
  const database = openWithWriters();
  const blocks = memoryTimeSeries().blocks;
  const collector = blocks.collect('marketData');
  collector.append(batch);
  const [block] = collector.finish();
  await database.deadLetters.add({ block: block!, reason: { code: 'QUERY', message: 'no' }, at: 1 });
  expect(await database.replayDeadLetters([block!.id])).toEqual([
    { id: block!.id, outcome: 'stored', supersededCount: 0 },
  ]);
  expect((await database.getMarketData({})).totalCount).toBe(1);
  await database.close();
});

it('batchWriter rejects without storage', async () => {
  const withoutStorage = new DatabaseAbstraction({
    timeSeries: memoryTimeSeries(),
    cache: memoryCacheBackend(),
  });
  await expect(withoutStorage.batchWriter()).rejects.toMatchObject({ code: 'CONNECTION', retryable: false });
});
