import type { Writable } from 'node:stream';
import { foreignFailures, methodCases } from '@quantumtrade/dal-conformance';
import { recordNames } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { DatabaseAbstraction } from './database-abstraction.js';
import type { BatchWriter } from '@quantumtrade/dal-writer';

let database: DatabaseAbstraction;
let writer: BatchWriter;

beforeAll(async () => {
  const storage = { deadLetters: memoryDeadLetters(), openJournal: () => Promise.resolve(undefined) };
  database = new DatabaseAbstraction({
    timeSeries: memoryTimeSeries(),
    cache: memoryCacheBackend(),
    writing: { storage },
  });
  writer = await database.batchWriter({ maxAgeMs: 0 });
});
afterAll(() => database.close());

const decoder = { parse: String };
const row = { symbol: 'A', timestamp: 0 };
const bars = { source: 's', records: [row] };
const set = { symbol: 'A', timestamp: 0, features: { a: 1 }, version: 1 };
const predictions = { predictions: [row], modelVersion: 'm', strategy: 's' };
const request = { userId: 'u', endpoint: 'e', limit: 5 };
const write = { key: 'k', value: 1, ttlSeconds: 60 };
const timed = { timestamp: '2024-01-02T12:00:00.000Z' };

const recordMethods = methodCases.filter(({ port }) => (recordNames as readonly string[]).includes(port));

/** Every method, and arguments of the right types. The argument left out is one that may be anything. */
const METHODS: Readonly<Record<string, readonly unknown[]>> = {
  insertMarketData: [bars, {}],
  getMarketData: [{}, {}],
  getLatestMarketData: ['A', 1, {}],
  insertFeatures: [[set], {}],
  getFeatures: [{}, {}],
  getLatestFeatures: ['A', {}],
  insertPredictions: [predictions, {}],
  getPrediction: ['p', {}],
  getPredictionsForEvaluation: [60, {}],
  batchWriter: [{}],
  replayDeadLetters: [['id'], {}],
  transaction: [() => undefined, {}],
  cacheSet: ['k', 1, 60, {}],
  cacheGet: ['k', decoder, {}],
  cacheDelete: ['k', {}],
  cacheExists: ['k', {}],
  getAggregatedData: [{}, {}],
  initializeSchema: [{}],
  migrateSchema: [7, {}],
  validateSchema: [{}],
  inspectGuarantees: [{}],
  ...Object.fromEntries(recordMethods.map(({ name, args }) => [name, [...args, {}]])),
  'analytics.aggregate': [{}, {}],
  'analytics.lateBars': [{}, {}],
  'backups.snapshot': [{}],
  'backups.createTarget': ['side', 7, {}],
  'backups.promote': ['side', 'former', {}],
  'queryPlans.explain': ['marketData', {}, {}],
  'queryPlans.explainAggregation': [{}, {}],
  'checkpoints.load': ['s', {}],
  'checkpoints.save': ['s', 1, {}],
  'copies.compare': [{}],
  'copies.repair': [{}],
  'schema.version': [{}],
  'schema.preview': [7, {}],
  'schema.plan': [7, {}],
  'schema.status': [{}],
  'schema.baseline': [7, {}],
  'storage.usage': [{}],
  'storage.plan': [{}],
  'storage.apply': [{}],
  'cache.get': ['k', decoder, {}],
  'cache.getEntry': ['k', decoder, {}],
  'cache.getEntryOrSet': ['k', decoder, 1, 60, {}],
  'cache.getMany': [['k'], decoder, {}],
  'cache.getEntries': [['k'], decoder, {}],
  'cache.set': ['k', 1, 60, {}],
  'cache.setMany': [[write], {}],
  'cache.setIfNewer': ['k', timed, 60, {}],
  'cache.replaceIfNewer': ['k', timed, 60, {}],
  'cache.setIfUnchanged': ['k', 1, 2, 60, {}],
  'cache.delete': ['k', {}],
  'cache.deleteMany': [['k'], {}],
  'cache.deleteWhere': ['a:{b}', {}, {}],
  'cache.exists': ['k', {}],
  'marketStream.append': ['A', [], {}],
  'marketStream.recent': ['A', 1, {}],
  'rateLimiter.consume': [request, {}],
  'realtime.marketRegime': ['A', {}],
  'realtime.setMarketRegime': [{}, {}],
  'realtime.selectedStrategy': ['A', {}],
  'realtime.setSelectedStrategy': [{}, {}],
  'realtime.strategyPerformance': ['s', {}],
  'realtime.setStrategyPerformance': [{}, {}],
  'realtime.latestTick': ['A', {}],
  'realtime.setLatestTick': [{}, {}],
  'sessions.find': ['u', {}],
  'sessions.save': [{}, {}],
  'sessions.list': ['u', {}],
  'sessions.end': ['u', {}],
  'authContexts.find': ['t', {}],
  'authContexts.save': ['t', {}, {}],
  'authContexts.revoke': ['t', {}],
};

type Methods = Readonly<Record<string, (...args: unknown[]) => unknown>>;

const called =
  (path: string) =>
  (...args: unknown[]) => {
    const [port, method] = path.split('.') as [string, string | undefined];
    const all = database as unknown as Readonly<Record<string, Methods>> & Methods;
    return method === undefined ? all[port]!(...args) : all[port]![method]!(...args);
  };

it.each(Object.keys(METHODS))('%s rejects with a database error for any arguments', async (path) => {
  expect(await foreignFailures(called(path), METHODS[path]!)).toEqual([]);
});

it('tries every method of every port', () => {
  const ports = Object.entries(database).filter(([, port]) => typeof port === 'object' && port !== null);
  const methods = ports.flatMap(([name, port]) =>
    Object.keys(port as object).map((method) => `${name}.${method}`),
  );
  const facade = Object.getOwnPropertyNames(DatabaseAbstraction.prototype);
  const known = new Set([...Object.keys(METHODS), ...FACADE_TWINS, ...WITHOUT_ARGUMENTS]);
  expect([...methods, ...facade].filter((name) => !known.has(name))).toEqual([]);
});

/** Port methods that the facade has under another name. */
const FACADE_TWINS = ['schema.initialize', 'schema.migrate', 'schema.validate'];
const WITHOUT_ARGUMENTS = [
  'constructor',
  'clearReadThroughCache',
  'close',
  'health',
  'isLive',
  'getPerformanceMetrics',
  'operationStatistics',
  'deadLetters',
  'marketStream.subscribe',
  'metrics.startedAt',
];

it('a batch writer rejects wrong arguments as a database error', async () => {
  const methods = writer as unknown as Methods;
  const stream = (...args: unknown[]) => (methods['stream']!(...args) as Writable).destroy();
  const failures = [
    ...(await foreignFailures((...args) => methods['write']!(...args), ['marketData', bars, {}])),
    ...(await foreignFailures((...args) => methods['writeAll']!(...args), ['marketData', [bars], {}])),
    ...(await foreignFailures(stream, ['marketData', {}], { throwsAtOnce: true })),
    ...(await foreignFailures((...args) => methods['close']!(...args), [{}])),
  ];
  expect(failures).toEqual([]);
});

it('a subscription rejects wrong arguments as a database error', async () => {
  const first = async (...args: unknown[]) => {
    const subscription = (database.marketStream as unknown as Methods)['subscribe']!(...args);
    const iterator = (subscription as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    const item = iterator.next();
    const isWaiting = setTimeout(() => void iterator.return?.(), 2);
    await item.finally(() => clearTimeout(isWaiting));
  };
  expect(await foreignFailures(first, ['A', {}])).toEqual([]);
});

it('the constructor refuses an unknown part by name', () => {
  const parts = { timeSeries: memoryTimeSeries(), cache: memoryCacheBackend() };
  const open = (more: object | null) => () =>
    new DatabaseAbstraction((more && { ...parts, ...more }) as never);
  const refusal = (field: string) => expect.objectContaining({ code: 'VALIDATION', field });
  expect(open({ writting: {} })).toThrow(refusal('writting'));
  expect(open(null)).toThrow(refusal('parts'));
});

it.each([
  ['text', 'x'],
  ['null', null],
  ['a number', 5],
  ['nothing', undefined],
])('insertFeatures rejects when it gets %s', async (_what, batch) => {
  const expected = { name: 'ValidationError', field: 'batches', operation: 'features.insert' };
  await expect(database.insertFeatures(batch as never)).rejects.toMatchObject(expected);
  await expect(database.transaction((tx) => tx.insertFeatures(batch as never))).rejects.toMatchObject(
    expected,
  );
});
