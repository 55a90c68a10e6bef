import { anyValue, CacheError, ConnectionError } from '@quantumtrade/dal-domain';
import { turn } from '@quantumtrade/dal-testing';
import { bars } from '@quantumtrade/dal-testing/records';
import { features, TransactionHarness } from '../testing/transaction-harness.js';
import type { Transactions } from './transactions.js';

let harness: TransactionHarness;

beforeEach(async () => {
  harness = await TransactionHarness.create();
});

afterEach(() => harness.close());

const unavailable = () => new ConnectionError('away', { operation: 'test' });

it('transaction counts staged rows that lose to a newer version', async () => {
  const run = harness.open().run(async (tx) => {
    tx.insertMarketData(bars(['A', 'B']));
    tx.insertFeatures(features('A', { x: 1 }));
    await harness.timeSeries.marketData.insert(bars(['A']));
  });
  let lostAnswers = 2;
  const { write } = harness.timeSeries.blocks;
  harness.timeSeries.blocks.write = async (...call) => {
    const receipt = await write(...call);
    if (lostAnswers-- > 0) throw unavailable();
    return receipt;
  };
  expect(await harness.settle(run)).toMatchObject({ rowCounts: { marketData: 2 }, supersededCount: 1 });
});

it('a committed transaction is applied after its caller gave up', async () => {
  const transactions = harness.open();
  const controller = new AbortController();
  let isAway = true;
  harness.check = () => {
    if (isAway) throw unavailable();
  };
  const stage = (symbol: string) => (tx: { insertMarketData: (batch: ReturnType<typeof bars>) => void }) =>
    tx.insertMarketData(bars([symbol]));
  const late = transactions.run(stage('A'), { deadline: harness.clock.now() + 500 });
  const aborted = transactions.run(stage('B'), { signal: controller.signal });
  const patient = transactions.run(stage('C'));
  await expect(harness.settle(late)).rejects.toMatchObject({
    code: 'TIMEOUT',
    committed: true,
    retryable: false,
  });
  controller.abort(new Error('enough'));
  await expect(harness.settle(aborted)).rejects.toMatchObject({
    committed: true,
    cause: { message: 'enough' },
  });
  expect(transactions.state).toEqual({ pending: 3, delayedBy: expect.stringContaining('away') });
  isAway = false;
  await harness.settle(patient);
  expect(await harness.stored()).toEqual(['A', 'B', 'C']);
  expect(transactions.state).toEqual({ pending: 0, delayedBy: null });
});

it('concurrent transactions are applied in the order of their commits', async () => {
  const transactions = harness.open();
  let failures = 3;
  const set = harness.cache.set.bind(harness.cache);
  const order: unknown[] = [];
  harness.cache.set = async (key, value, ...rest) => {
    if (failures-- > 0) throw new CacheError('away', { operation: 'test' });
    order.push(value);
    await set(key, value, ...rest);
  };
  await harness.settle(
    Promise.all([1, 2, 3, 4].map((number) => transactions.run((tx) => tx.cacheSet('last', number, 60)))),
  );
  expect(order).toEqual([1, 2, 3, 4]);
  expect(await harness.cache.get('last', anyValue)).toBe(4);
});

it('committed transactions are applied by the next process', async () => {
  const logs = harness.fileLogs();
  const first = harness.open(logs);
  harness.check = () => {
    throw unavailable();
  };
  const cut = first.run((tx) => {
    tx.insertMarketData(bars(['A']));
    tx.cacheSet('short', 1, 10);
    tx.cacheSet('long', 1, 100);
  });
  const rejected = expect(cut).rejects.toMatchObject({ code: 'CONNECTION', committed: true });
  while (first.state.pending === 0) await turn();
  await harness.settle(first.close());
  await rejected;
  harness.check = () => undefined;
  await harness.cache.set('short', 0, 1000);
  harness.timeSource.advance(30_000);

  const second = harness.open(logs);
  await second.run((tx) => tx.insertMarketData(bars(['B'])));
  expect(await harness.stored()).toEqual(['A', 'B']);
  expect(await harness.cache.exists('short')).toBe(false);
  harness.timeSource.advance(69_000);
  expect(await harness.cache.exists('long')).toBe(true);
  harness.timeSource.advance(2_000);
  expect(await harness.cache.exists('long')).toBe(false);
});

it('the first transaction locks the log', async () => {
  const logs = harness.fileLogs();
  const run = (transactions: Transactions, key: string) => transactions.run((tx) => tx.cacheSet(key, 1, 60));
  const [first, second] = [harness.open(logs), harness.open(logs)];
  await run(first, 'a');
  await expect(run(second, 'b')).rejects.toMatchObject({ code: 'CONNECTION', retryable: true });
  await first.close();
  await run(second, 'b');
  expect(await harness.cache.exists('b')).toBe(true);
});

it('all blocks of a transaction carry the time of its commit', async () => {
  const blocks: (number | undefined)[] = [];
  harness.check = ({ acknowledgedAt }) => blocks.push(acknowledgedAt);
  harness.timeSource.advance(7);
  const run = harness.open().run((tx) => {
    tx.insertMarketData(bars(['A']));
    tx.insertFeatures(features('A', { x: 1 }));
  });
  await harness.settle(run);
  expect(blocks).toEqual([7, 7]);
});
