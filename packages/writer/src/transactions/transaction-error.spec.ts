import type { AnyDatabaseError } from '@quantumtrade/dal-domain';
import { ConnectionError, QueryError, TimeoutError } from '@quantumtrade/dal-domain';
import { bars } from '@quantumtrade/dal-testing/records';
import { features, TransactionHarness } from '../testing/transaction-harness.js';
import { TransactionError } from './transaction-error.js';
import type { TransactionLogs } from './transaction-logs.js';
import { memoryTransactionLogs } from './transaction-logs.js';

let harness: TransactionHarness;

beforeEach(async () => {
  harness = await TransactionHarness.create();
});

afterEach(() => harness.close());

it('transaction adds a dead letter for a refused block', async () => {
  const transactions = harness.open();
  harness.check = ({ record }) => {
    if (record === 'marketData') throw new QueryError('q', 'no such table', { operation: 'test' });
  };
  const refused = transactions.run((tx) => {
    tx.insertMarketData(bars(['A', 'B']));
    tx.insertFeatures(features('A', { x: 1 }));
    tx.cacheSet('signal', 1, 60);
  });
  await expect(harness.settle(refused)).rejects.toMatchObject({
    code: 'QUERY',
    committed: true,
    refused: [{ record: 'marketData', rowCount: 2, reason: expect.stringContaining('no such table') }],
  });
  expect(await harness.deadLetters.list()).toMatchObject([{ record: 'marketData', rowCount: 2 }]);
  expect(await harness.timeSeries.features.latest('A')).not.toBeNull();
  expect(await harness.cache.exists('signal')).toBe(true);
  expect(transactions.state.pending).toBe(0);
});

it('transaction keeps a refused block in the log without dead letters', async () => {
  const transactions = harness.open(undefined, false);
  let isRefused = true;
  harness.check = () => {
    if (isRefused) throw new QueryError('q', 'no such table', { operation: 'test' });
  };
  const refused = transactions.run((tx) => tx.insertMarketData(bars(['A', 'B'])), {
    deadline: Number.MAX_SAFE_INTEGER,
  });
  await expect(harness.settle(refused)).rejects.toMatchObject({
    code: 'QUERY',
    committed: true,
    message: expect.stringMatching(/2 rows of marketData.*no such table/),
  });
  expect(transactions.state).toEqual({ pending: 1, delayedBy: expect.stringContaining('no such table') });
  isRefused = false;
  await harness.settle(transactions.run((tx) => tx.cacheSet('k', 1, 60)));
  expect(await harness.stored()).toEqual(['A', 'B']);
});

it('transaction retries at the longest delay while the login is refused', async () => {
  const transactions = harness.open();
  const login = new ConnectionError('login', { operation: 'test', retryable: false, kind: 'LOGIN_REFUSED' });
  const asked: number[] = [];
  let isRefused = true;
  harness.check = () => {
    asked.push(harness.clock.now());
    if (isRefused) throw login;
  };
  const run = transactions.run((tx) => tx.insertMarketData(bars(['A'])), {
    deadline: Number.MAX_SAFE_INTEGER,
  });
  await expect(harness.settle(run)).rejects.toMatchObject({
    code: 'CONNECTION',
    committed: true,
    cause: login,
  });
  expect(transactions.state).toEqual({ pending: 1, delayedBy: login.message });
  isRefused = false;
  await harness.settle(transactions.run((tx) => tx.cacheSet('k', 1, 60)));
  expect(asked.map((time) => time - asked[0]!)).toEqual([0, 10_000]);
  expect(await harness.stored()).toEqual(['A']);
  expect(await harness.deadLetters.list()).toEqual([]);
});

it('transaction reports whether a failed append may be in the log', async () => {
  const failing = (details: object): TransactionLogs => ({
    ...memoryTransactionLogs(),
    open: async () =>
      Object.assign(await memoryTransactionLogs().open(), {
        append: () => Promise.reject(Object.assign(new Error('the disk'), details)),
      }),
  });
  const run = (details: object) =>
    harness.settle(harness.open(failing(details)).run((tx) => tx.insertMarketData(bars(['A']))));
  await expect(run({ code: 'DISK_FULL', mayBeJournaled: false })).rejects.toMatchObject({
    code: 'CONNECTION',
    committed: false,
    retryable: true,
  });
  await expect(run({ code: 'IO', mayBeJournaled: true })).rejects.toMatchObject({
    committed: 'unknown',
    retryable: false,
  });
  expect(await harness.stored()).toEqual([]);
});

it('transaction error has the members that its code promises', () => {
  const about = { transactionId: 't', committed: true } as const;
  const details = { operation: 'test' };
  const withCause = (code: 'QUERY' | 'TIMEOUT' | 'CONNECTION', cause: unknown): AnyDatabaseError =>
    new TransactionError('failed', { ...about, code, cause });
  const query = new QueryError('SELECT 1', 'failed', details);
  const timeout = new TimeoutError(250, details);
  expect(withCause('QUERY', query)).toMatchObject({ code: 'QUERY', query: 'SELECT 1', durationMs: 0 });
  expect(withCause('TIMEOUT', timeout)).toMatchObject({ code: 'TIMEOUT', query: '', durationMs: 250 });
  expect(withCause('TIMEOUT', 'aborted')).toMatchObject({ code: 'TIMEOUT', durationMs: 0 });
  expect(withCause('CONNECTION', timeout)).toMatchObject({ code: 'CONNECTION', durationMs: 0 });
});
