import { anyValue } from '@quantumtrade/dal-domain';
import { readdir } from 'node:fs/promises';
import { turn } from '@quantumtrade/dal-testing';
import { bars } from '@quantumtrade/dal-testing/records';
import { features, TransactionHarness } from '../testing/transaction-harness.js';
import { transactionCache } from '../testing/transaction-cache.js';
import { memoryTransactionLogs } from './transaction-logs.js';
import { Transactions } from './transactions.js';

let harness: TransactionHarness;

beforeEach(async () => {
  harness = await TransactionHarness.create();
});

afterEach(() => harness.close());

it('transaction writes several records and cache keys and returns the counts', async () => {
  const sent: string[] = [];
  harness.check = ({ record }) => sent.push(record);
  await harness.cache.set('stale', 1, 60);
  const result = await harness.settle(
    harness.open().run(async (tx) => {
      tx.insertMarketData(bars(['A', 'B']));
      tx.insertFeatures(features('A', { x: 1, y: 2 }));
      tx.insertFeatures([features('B', { x: 3 })]);
      tx.cacheSet('signal', { buy: true }, 60);
      tx.cacheDelete('stale');
      await turn();
      expect(sent).toEqual([]);
      expect(await harness.cache.get('signal', anyValue)).toBeNull();
    }),
  );
  expect(result).toEqual({
    transactionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    rowCounts: { marketData: 2, features: 3 },
    supersededCount: 0,
    cacheKeyCount: 2,
    writeToken: expect.any(String),
  });
  expect(sent).toEqual(['marketData', 'features']);
  expect(await harness.stored()).toEqual(['A', 'B']);
  expect((await harness.timeSeries.features.latest('A'))?.features).toEqual({ x: 1, y: 2 });
  expect(await harness.cache.get('signal', anyValue)).toEqual({ buy: true });
  expect(await harness.cache.exists('stale')).toBe(false);
});

it('transaction changes nothing and names the row when a row is wrong', async () => {
  const transactions = harness.open();
  const caught = transactions.run((tx) => {
    tx.cacheSet('signal', 1, 60);
    try {
      tx.insertMarketData(bars(['A', '!B', 'C', '!D']));
    } catch {
      // The transaction has failed nevertheless.
    }
  });
  await expect(harness.settle(caught)).rejects.toMatchObject({
    code: 'VALIDATION',
    record: 'marketData',
    field: 'marketData[1].close',
    message: expect.stringMatching(/marketData\[1\]\.close - .*and 1 more/),
    errors: [
      { index: 1, field: 'close' },
      { index: 3, field: 'close' },
    ],
  });
  expect(await harness.stored()).toEqual([]);
  expect(await harness.cache.exists('signal')).toBe(false);
});

it.each<[string, (tx: { cacheSet: (key: string, value: unknown, ttl: number) => void }) => void]>([
  ['a value that is not JSON', (tx) => tx.cacheSet('k', { n: NaN }, 60)],
  ['a time to live of 0', (tx) => tx.cacheSet('k', 1, 0)],
  ['a missing key', (tx) => tx.cacheSet(undefined as never, 1, 60)],
])('cacheSet refuses %s', async (_, work) => {
  await expect(harness.settle(harness.open().run(work))).rejects.toMatchObject({ code: 'VALIDATION' });
});

it('transaction changes nothing when the work throws', async () => {
  let late!: () => void;
  const failing = harness.open().run((tx) => {
    late = () => tx.cacheSet('k', 1, 60);
    tx.insertMarketData(bars(['A']));
    throw new Error('changed my mind');
  });
  await expect(harness.settle(failing)).rejects.toThrow('changed my mind');
  expect(late).toThrow('has ended');
  expect(await harness.stored()).toEqual([]);
});

it('transaction commits nothing when nothing was staged', async () => {
  expect(await harness.settle(harness.open(harness.fileLogs()).run(() => undefined))).toMatchObject({
    rowCounts: {},
    cacheKeyCount: 0,
  });
  expect(await readdir(harness.directory)).toEqual([]);
});

it.each([
  [{ deadline: NaN }, 'deadline'],
  [{ deadline: '2030-01-01' }, 'deadline'],
  [{ deadline: null }, 'deadline'],
  [{ deadline: new Date() }, 'deadline'],
  [{ deadlin: 5 }, 'deadlin'],
  [null, 'options'],
])('transaction refuses the options %j before the work begins', async (options, field) => {
  let hasRun = false;
  const run = harness.open().run(() => (hasRun = true), options as object);
  await expect(run).rejects.toMatchObject({ code: 'VALIDATION', field });
  expect(hasRun).toBe(false);
});

it('transaction changes nothing when the caller gives up before the commit', async () => {
  const transactions = harness.open();
  const controller = new AbortController();
  const { signal } = controller;
  const hanging = transactions.run(
    async (tx) => {
      tx.insertMarketData(bars(['A']));
      controller.abort(new Error('enough'));
      await new Promise(() => undefined);
    },
    { signal },
  );
  await expect(harness.settle(hanging)).rejects.toThrow('enough');
  let hasRun = false;
  const unwanted = () => (hasRun = true);
  await expect(harness.settle(transactions.run(unwanted, { signal }))).rejects.toThrow('enough');
  await expect(harness.settle(transactions.run(unwanted, { deadline: 0 }))).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
  expect(hasRun).toBe(false);
  const late = transactions.run(() => new Promise(() => undefined), { deadline: harness.clock.now() + 50 });
  await expect(harness.settle(late)).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(transactions.state).toEqual({ pending: 0, delayedBy: null });
  expect(await harness.stored()).toEqual([]);
});

it('transaction rejects when the data layer is closed', async () => {
  const transactions = harness.open();
  await harness.settle(transactions.close());
  await expect(transactions.run(() => undefined)).rejects.toMatchObject({ code: 'CONNECTION' });
});

it('transaction refuses work that is no function', async () => {
  const transactions = new Transactions(memoryTransactionLogs(), {
    blocks: harness.timeSeries.blocks,
    cache: transactionCache(harness.cache),
    timeSource: harness.timeSource,
  });
  harness.opened.push(transactions);
  const refused = { code: 'VALIDATION', field: 'work' };
  await expect(transactions.run(undefined as never)).rejects.toMatchObject(refused);
});
