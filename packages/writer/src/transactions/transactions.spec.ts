import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cache, CacheBackend, EncodedBlock, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { CacheError, ConnectionError, QueryError } from '@quantumtrade/dal-domain';
import {
  ManualClock,
  memoryCacheBackend,
  memoryDeadLetters,
  memoryTimeSeries,
} from '@quantumtrade/dal-memory';
import { transactionCache } from '../testing/transaction-cache.js';
import { bars, storedSymbols, turn } from '../testing/bars.js';
import type { TransactionLogs } from './transaction-logs.js';
import { fileTransactionLogs, volatileTransactionLogs } from './transaction-logs.js';
import { Transactions } from './transactions.js';

const anything = { parse: (value: unknown) => value };
const features = (symbol: string, values: Record<string, number>) => ({
  symbol,
  timestamp: 0,
  version: 1,
  features: values,
});

let directory: string;
let timeSeries: TimeSeriesBackend;
let backend: CacheBackend;
let cache: Cache;
let clock: ManualClock;
let timers: ManualClock;
let deadLetters: ReturnType<typeof memoryDeadLetters>;
/** Throws what the store does before it takes a block. */
let store: { check: (block: EncodedBlock) => unknown };
const opened: Transactions[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'transactions-'));
  clock = new ManualClock(0);
  timers = new ManualClock();
  timeSeries = memoryTimeSeries({ clock });
  backend = memoryCacheBackend({ clock });
  cache = backend.cache;
  deadLetters = memoryDeadLetters();
  store = { check: () => undefined };
});

afterEach(async () => {
  await settle(Promise.all(opened.splice(0).map((transactions) => transactions.close())));
  await rm(directory, { recursive: true });
});

function open(logs: TransactionLogs = volatileTransactionLogs(), withDeadLetters = true): Transactions {
  const transactions = new Transactions(logs, {
    blocks: {
      collect: (record) => timeSeries.blocks.collect(record),
      write: async (block, options) => {
        await store.check(block);
        return timeSeries.blocks.write(block, options);
      },
    },
    through: transactionCache(cache),
    deadLetters: withDeadLetters ? deadLetters : undefined,
    clock,
    timers,
    retry: { random: () => 0.5 },
  });
  opened.push(transactions);
  return transactions;
}

const fileLogs = () => fileTransactionLogs(join(directory, 'log'), { clock: timers });

/** Moves the time on until the promise has settled. */
async function settle<T>(promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const ended = () => void (isSettled = true);
  promise.then(ended, ended);
  while (!isSettled) {
    await turn();
    timers.advance(10);
  }
  return promise;
}

const gone = () => new ConnectionError('away', { operation: 'test' });

it('writes several records and cache keys, and says how many', async () => {
  const sent: string[] = [];
  store.check = ({ record }) => sent.push(record);
  await cache.set('stale', 1, 60);
  const result = await settle(
    open().run(async (tx) => {
      tx.insertMarketData(bars(['A', 'B']));
      tx.insertFeatures(features('A', { x: 1, y: 2 }));
      tx.insertFeatures([features('B', { x: 3 })]);
      tx.cacheSet('signal', { buy: true }, 60);
      tx.cacheDelete('stale');
      await turn();
      expect(sent).toEqual([]);
      expect(await cache.get('signal', anything)).toBeNull();
    }),
  );
  expect(result).toEqual({
    transactionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    rowCounts: { marketData: 2, features: 3 },
    supersededCount: 0,
    cacheKeyCount: 2,
  });
  expect(sent).toEqual(['marketData', 'features']);
  expect(await storedSymbols(timeSeries)).toEqual(['A', 'B']);
  expect((await timeSeries.features.latest('A'))?.features).toEqual({ x: 1, y: 2 });
  expect(await cache.get('signal', anything)).toEqual({ buy: true });
  expect(await cache.exists('stale')).toBe(false);
});

it('counts staged rows that lose to a newer version, however often it is applied', async () => {
  const run = open().run(async (tx) => {
    tx.insertMarketData(bars(['A', 'B']));
    tx.insertFeatures(features('A', { x: 1 }));
    await timeSeries.marketData.insert(bars(['A']));
  });
  let lostAnswers = 2;
  const { write } = timeSeries.blocks;
  timeSeries.blocks.write = async (...call) => {
    const receipt = await write(...call);
    if (lostAnswers-- > 0) throw gone();
    return receipt;
  };
  expect(await settle(run)).toMatchObject({ rowCounts: { marketData: 2 }, supersededCount: 1 });
});

it('does nothing when a row is wrong, and names it, also where its error is caught', async () => {
  const transactions = open();
  const caught = transactions.run((tx) => {
    tx.cacheSet('signal', 1, 60);
    try {
      tx.insertMarketData(bars(['A', '!B', 'C', '!D']));
    } catch {
      // Goes on as if nothing was.
    }
  });
  await expect(settle(caught)).rejects.toMatchObject({
    code: 'VALIDATION',
    record: 'marketData',
    field: 'marketData[1].close',
    message: expect.stringMatching(/marketData\[1\]\.close - .*and 1 more/),
    errors: [
      { index: 1, field: 'close' },
      { index: 3, field: 'close' },
    ],
  });
  expect(await storedSymbols(timeSeries)).toEqual([]);
  expect(await cache.exists('signal')).toBe(false);
});

it.each<[string, (tx: { cacheSet: (key: string, value: unknown, ttl: number) => void }) => void]>([
  ['a value that JSON loses', (tx) => tx.cacheSet('k', { n: NaN }, 60)],
  ['a time to live of nothing', (tx) => tx.cacheSet('k', 1, 0)],
  ['a key that is none', (tx) => tx.cacheSet(undefined as never, 1, 60)],
])('refuses %s', async (_, work) => {
  await expect(settle(open().run(work))).rejects.toMatchObject({ code: 'VALIDATION' });
});

it('does nothing when the work throws, and takes nothing after it has ended', async () => {
  let late!: () => void;
  const failing = open().run((tx) => {
    late = () => tx.cacheSet('k', 1, 60);
    tx.insertMarketData(bars(['A']));
    throw new Error('changed my mind');
  });
  await expect(settle(failing)).rejects.toThrow('changed my mind');
  expect(late).toThrow('has ended');
  expect(await storedSymbols(timeSeries)).toEqual([]);
});

it('commits nothing where nothing was staged', async () => {
  expect(await settle(open(fileLogs()).run(() => undefined))).toMatchObject({
    rowCounts: {},
    cacheKeyCount: 0,
  });
  expect(await readdir(directory)).toEqual([]);
});

it.each([
  [{ deadline: NaN }, 'deadline'],
  [{ deadline: '2030-01-01' }, 'deadline'],
  [{ deadline: null }, 'deadline'],
  [{ deadline: new Date() }, 'deadline'],
  [{ deadlin: 5 }, 'deadlin'],
  [null, 'options'],
])('refuses the options %j before it runs', async (options, field) => {
  let hasRun = false;
  const run = open().run(() => (hasRun = true), options as object);
  await expect(run).rejects.toMatchObject({ code: 'VALIDATION', field });
  expect(hasRun).toBe(false);
});

it('does nothing when the caller gives up before the commit, be it within its work', async () => {
  const transactions = open();
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
  await expect(settle(hanging)).rejects.toThrow('enough');
  let hasRun = false;
  const unwanted = () => (hasRun = true);
  await expect(settle(transactions.run(unwanted, { signal }))).rejects.toThrow('enough');
  await expect(settle(transactions.run(unwanted, { deadline: 0 }))).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
  expect(hasRun).toBe(false);
  const late = transactions.run(() => new Promise(() => undefined), { deadline: timers.now() + 50 });
  await expect(settle(late)).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(transactions.state).toEqual({ pending: 0, delayedBy: null });
  expect(await storedSymbols(timeSeries)).toEqual([]);
});

it('says that it is committed when the caller gives up after the commit, and applies it later', async () => {
  const transactions = open();
  const controller = new AbortController();
  let isAway = true;
  store.check = () => {
    if (isAway) throw gone();
  };
  const stage = (symbol: string) => (tx: { insertMarketData: (batch: ReturnType<typeof bars>) => void }) =>
    tx.insertMarketData(bars([symbol]));
  const late = transactions.run(stage('A'), { deadline: timers.now() + 500 });
  const aborted = transactions.run(stage('B'), { signal: controller.signal });
  const patient = transactions.run(stage('C'));
  await expect(settle(late)).rejects.toMatchObject({ code: 'TIMEOUT', committed: true, retryable: false });
  controller.abort(new Error('enough'));
  await expect(settle(aborted)).rejects.toMatchObject({ committed: true, cause: { message: 'enough' } });
  expect(transactions.state).toEqual({ pending: 3, delayedBy: expect.stringContaining('away') });
  isAway = false;
  await settle(patient);
  expect(await storedSymbols(timeSeries)).toEqual(['A', 'B', 'C']);
  expect(transactions.state).toEqual({ pending: 0, delayedBy: null });
});

it('applies concurrent transactions in the order of their commits, also while the cache fails', async () => {
  const transactions = open();
  let failures = 3;
  const set = cache.set.bind(cache);
  const order: unknown[] = [];
  cache.set = async (key, value, ...rest) => {
    if (failures-- > 0) throw new CacheError('away', { operation: 'test' });
    order.push(value);
    await set(key, value, ...rest);
  };
  await settle(
    Promise.all([1, 2, 3, 4].map((number) => transactions.run((tx) => tx.cacheSet('last', number, 60)))),
  );
  expect(order).toEqual([1, 2, 3, 4]);
  expect(await cache.get('last', anything)).toBe(4);
});

it('moves what the store refuses for good to the dead letters, applies the rest, and says so', async () => {
  const transactions = open();
  store.check = ({ record }) => {
    if (record === 'marketData') throw new QueryError('q', 'no such table', { operation: 'test' });
  };
  const refused = transactions.run((tx) => {
    tx.insertMarketData(bars(['A', 'B']));
    tx.insertFeatures(features('A', { x: 1 }));
    tx.cacheSet('signal', 1, 60);
  });
  await expect(settle(refused)).rejects.toMatchObject({
    code: 'QUERY',
    committed: true,
    refused: [{ record: 'marketData', rowCount: 2, reason: expect.stringContaining('no such table') }],
  });
  expect(await deadLetters.list()).toMatchObject([{ record: 'marketData', rowCount: 2 }]);
  expect(await timeSeries.features.latest('A')).not.toBeNull();
  expect(await cache.exists('signal')).toBe(true);
  expect(transactions.state.pending).toBe(0);
});

it('keeps what the store refuses where there are no dead letters, and says so at once', async () => {
  const transactions = open(undefined, false);
  let isRefused = true;
  store.check = () => {
    if (isRefused) throw new QueryError('q', 'no such table', { operation: 'test' });
  };
  const refused = transactions.run((tx) => tx.insertMarketData(bars(['A', 'B'])), {
    deadline: Number.MAX_SAFE_INTEGER,
  });
  await expect(settle(refused)).rejects.toMatchObject({
    code: 'QUERY',
    committed: true,
    message: expect.stringMatching(/2 rows of marketData.*no such table/),
  });
  expect(transactions.state).toEqual({ pending: 1, delayedBy: expect.stringContaining('no such table') });
  isRefused = false;
  await settle(transactions.run((tx) => tx.cacheSet('k', 1, 60)));
  expect(await storedSymbols(timeSeries)).toEqual(['A', 'B']);
});

it('keeps what is committed while the login is refused, asking at the longest delay', async () => {
  const transactions = open();
  const login = new ConnectionError('login', { operation: 'test', retryable: false, kind: 'LOGIN_REFUSED' });
  const asked: number[] = [];
  let isRefused = true;
  store.check = () => {
    asked.push(timers.now());
    if (isRefused) throw login;
  };
  const run = transactions.run((tx) => tx.insertMarketData(bars(['A'])), {
    deadline: Number.MAX_SAFE_INTEGER,
  });
  await expect(settle(run)).rejects.toMatchObject({ code: 'CONNECTION', committed: true, cause: login });
  expect(transactions.state).toEqual({ pending: 1, delayedBy: login.message });
  isRefused = false;
  await settle(transactions.run((tx) => tx.cacheSet('k', 1, 60)));
  expect(asked.map((time) => time - asked[0]!)).toEqual([0, 10_000]);
  expect(await storedSymbols(timeSeries)).toEqual(['A']);
  expect(await deadLetters.list()).toEqual([]);
});

it('applies what an earlier process committed, the time to live counted from the commit', async () => {
  const logs = fileLogs();
  const first = open(logs);
  store.check = () => {
    throw gone();
  };
  const cut = first.run((tx) => {
    tx.insertMarketData(bars(['A']));
    tx.cacheSet('short', 1, 10);
    tx.cacheSet('long', 1, 100);
  });
  const told = expect(cut).rejects.toMatchObject({ code: 'CONNECTION', committed: true });
  while (first.state.pending === 0) await turn();
  await settle(first.close());
  await told;
  store.check = () => undefined;
  await cache.set('short', 0, 1000);
  clock.advance(30_000);

  const second = open(logs);
  await second.run((tx) => tx.insertMarketData(bars(['B'])));
  expect(await storedSymbols(timeSeries)).toEqual(['A', 'B']);
  expect(await cache.exists('short')).toBe(false);
  clock.advance(69_000);
  expect(await cache.exists('long')).toBe(true);
  clock.advance(2_000);
  expect(await cache.exists('long')).toBe(false);
});

it('leaves the log to others until its first transaction, and then has it alone', async () => {
  const logs = fileLogs();
  const run = (transactions: Transactions, key: string) => transactions.run((tx) => tx.cacheSet(key, 1, 60));
  const [first, second] = [open(logs), open(logs)];
  await run(first, 'a');
  await expect(run(second, 'b')).rejects.toMatchObject({ code: 'CONNECTION', retryable: true });
  await first.close();
  await run(second, 'b');
  expect(await cache.exists('b')).toBe(true);
});

it('says whether a transaction that the log did not take may be in it', async () => {
  const failing = (details: object): TransactionLogs => ({
    ...volatileTransactionLogs(),
    open: async () =>
      Object.assign(await volatileTransactionLogs().open(), {
        append: () => Promise.reject(Object.assign(new Error('the disk'), details)),
      }),
  });
  const run = (details: object) =>
    settle(open(failing(details)).run((tx) => tx.insertMarketData(bars(['A']))));
  await expect(run({ code: 'DISK_FULL', mayBeJournaled: false })).rejects.toMatchObject({
    code: 'CONNECTION',
    committed: false,
    retryable: true,
  });
  await expect(run({ code: 'IO', mayBeJournaled: true })).rejects.toMatchObject({
    committed: 'unknown',
    retryable: false,
  });
  expect(await storedSymbols(timeSeries)).toEqual([]);
});

it('takes no transaction once it is closed', async () => {
  const transactions = open();
  await settle(transactions.close());
  await expect(transactions.run(() => undefined)).rejects.toMatchObject({ code: 'CONNECTION' });
});

it('refuses work that is no function, which would do nothing and be told as done', async () => {
  const transactions = new Transactions(volatileTransactionLogs(), {
    blocks: timeSeries.blocks,
    through: transactionCache(cache),
    clock,
  });
  opened.push(transactions);
  const refused = { code: 'VALIDATION', field: 'work' };
  await expect(transactions.run(undefined as never)).rejects.toMatchObject(refused);
});
