import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry, BlockWriter } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { DatabaseAbstraction } from '../database-abstraction.js';
import { bars, storedSymbols } from '../writing/testing/bars.js';
import type { WriterStorage } from '../writing/writer-storage.js';
import { fileWriterStorage } from '../writing/writer-storage.js';

const memory = memoryTimeSeries();
const entries: AuditEntry[] = [];

function open(storage?: WriterStorage, write: BlockWriter['write'] = memory.blocks.write) {
  const probe = { ...memory.probe, close: async () => undefined };
  return new DatabaseAbstraction({
    timeSeries: { ...memory, probe, blocks: { collect: memory.blocks.collect, write } },
    cache: memoryCacheBackend(),
    writing: storage && { storage },
    audit: { record: async (entry) => void entries.push(entry) },
  });
}

it('sees the newest bar after a transaction, measures it and audits it', async () => {
  const database = open();
  await database.insertMarketData(bars(['A'], () => 0));
  await database.getLatestMarketData('A', 1);
  entries.length = 0;
  await database.transaction((tx) => tx.insertMarketData(bars(['A'], () => 1)));
  await database.transaction((tx) => tx.insertMarketData(bars(['!A']))).catch(() => undefined);
  const { data, cacheHit } = await database.getLatestMarketData('A', 1);
  expect({ data, cacheHit }).toMatchObject({ data: [{ timestamp: new Date(1) }], cacheHit: false });
  expect(database.operationStatistics()['transactions.run']).toMatchObject({ count: 2, errors: 1 });
  expect(entries.filter(({ operation }) => operation === 'transactions.run')).toMatchObject([
    { outcome: 'ok' },
    { outcome: 'VALIDATION' },
  ]);
  await database.close();
  await expect(database.transaction(() => undefined)).rejects.toMatchObject({ code: 'CONNECTION' });
});

it('says in its health that transactions wait; the next data layer of the directory applies them', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'transactions-'));
  const refused = () => {
    const details = { operation: 'test', retryable: false };
    return Promise.reject(new ConnectionError('the login is refused', details));
  };
  const first = open(fileWriterStorage(directory), refused);
  expect(await first.health()).not.toHaveProperty('transactions');
  await expect(first.transaction((tx) => tx.insertMarketData(bars(['B'])))).rejects.toMatchObject({
    code: 'CONNECTION',
    committed: true,
  });
  const delayedBy = expect.stringContaining('the login is refused');
  expect(await first.health()).toMatchObject({ transactions: { pending: 1, delayedBy } });
  await first.close();

  const second = open(fileWriterStorage(directory));
  await second.transaction((tx) => tx.insertMarketData(bars(['C'])));
  expect(await storedSymbols(memory)).toEqual(expect.arrayContaining(['B', 'C']));
  expect(await second.health()).not.toHaveProperty('transactions');
  await second.close();
  await rm(directory, { recursive: true });
});
