import { mkdtemp, rm, writeFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EncodedBlock } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { turn } from '@quantumtrade/dal-testing';
import { bars } from '@quantumtrade/dal-testing/records';
import { openBatchWriter } from './block-batch-writer.js';
import { transactionCache } from './testing/transaction-cache.js';
import { fileTransactionLogs } from './transactions/transaction-logs.js';
import { Transactions } from './transactions/transactions.js';
import { undeliveredBlocks } from './undelivered-blocks.js';
import { fileWriterStorage } from './writer-storage.js';

let directory: string;
const clock = new ManualClock();
const timeSeries = memoryTimeSeries();
const blocks = {
  collect: timeSeries.blocks.collect,
  write: () => Promise.reject(new ConnectionError('away', { operation: 'test' })),
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'undelivered-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function undelivered(): Promise<EncodedBlock[]> {
  const found: EncodedBlock[] = [];
  for await (const block of undeliveredBlocks(directory)) found.push(block);
  return found;
}

async function journaled(): Promise<void> {
  const storage = fileWriterStorage(directory);
  const journal = await storage.openJournal('journaled');
  const { deadLetters } = storage;
  const options = { durability: 'journaled' as const, clock, maxRows: 1 };
  const writer = openBatchWriter({ blocks, deadLetters, journal: journal! }, options);
  await writer.write('marketData', bars(['A']));
  const closing = writer.close({ deadline: clock.now() });
  clock.advance(1);
  await closing.catch(() => undefined);
}

it('yields journaled blocks with the time of their acknowledgement', async () => {
  const at = clock.now();
  await journaled();
  expect(await undelivered()).toMatchObject([{ record: 'marketData', rowCount: 1, acknowledgedAt: at }]);
  const [block] = await undelivered();
  await timeSeries.blocks.write(block!);
});

it('yields the blocks of committed transactions with the time of the commit', async () => {
  const timeSource = new ManualClock(7);
  const logs = fileTransactionLogs(join(directory, 'transactions'), { clock });
  const { cache } = memoryCacheBackend();
  const transactions = new Transactions(logs, {
    ...{ blocks, cache: transactionCache(cache), timeSource, clock },
  });
  const run = transactions.run((tx) => void tx.insertMarketData(bars(['A', 'B'])));
  run.catch(() => undefined);
  while ((await undelivered()).length === 0) clock.advance(1);
  expect(await undelivered()).toMatchObject([{ record: 'marketData', rowCount: 2, acknowledgedAt: 7 }]);
  let isClosed = false;
  void transactions.close().then(() => (isClosed = true));
  for (; !isClosed; await turn()) clock.advance(1_000);
});

it('yields nothing in a directory without a writer', async () => {
  expect(await undelivered()).toEqual([]);
});

it('refuses a directory that does not exist', async () => {
  const none = undeliveredBlocks(join(directory, 'none')).next();
  await expect(none).rejects.toMatchObject({ code: 'CONNECTION', message: expect.stringContaining('none') });
});

it('refuses a damaged journal with its directory', async () => {
  await journaled();
  const journal = join(directory, 'journal');
  const name = (await readdir(journal)).find((each) => each.endsWith('.wal'))!;
  await writeFile(join(journal, name), Buffer.alloc(100, 7));
  await expect(undelivered()).rejects.toMatchObject({ code: 'CONNECTION', retryable: false });
});
