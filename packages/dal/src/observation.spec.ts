import type { AuditEntry, PredictionBatch } from '@quantumtrade/dal-domain';
import { AUDITED_WRITE, OLDEST_TICK, OPERATIONS, READ } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { currentOperation, onOperationEnd, OperationMetrics } from '@quantumtrade/dal-telemetry';
import { bars, buildOutput, buildRow } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from './database-abstraction.js';
import { Observation } from './observation.js';

const port = {
  async insert() {
    Object.assign(currentOperation() ?? {}, { queryId: 'q-1' });
    return { insertedCount: 2 };
  },
};

function watched(record: (entry: AuditEntry) => Promise<void>) {
  const auditing = { sink: { record }, actor: 'test', clock: { now: () => 77 } };
  return new Observation(new OperationMetrics(), auditing).port('port', port, { insert: AUDITED_WRITE });
}

it('adds the query id to audit entries while operations are observed', async () => {
  const entries: AuditEntry[] = [];
  const observedPort = watched(async (entry) => void entries.push(entry));
  await observedPort.insert();
  const stop = onOperationEnd(() => undefined);
  await observedPort.insert();
  stop();
  expect(entries.map(({ queryId }) => queryId)).toEqual([undefined, 'q-1']);
});

it('records a modification once when the audit sink throws', async () => {
  const outcomes: string[] = [];
  const observedPort = watched(async ({ outcome }) => {
    outcomes.push(outcome);
    throw new Error('sink');
  });
  await observedPort.insert();
  expect(outcomes).toEqual(['ok']);
});

const tick = buildOutput('marketData', { timestamp: new Date(1), source: 'feed' });

it('returns a subscription as it is', async () => {
  const metrics = new OperationMetrics();
  const { marketStream } = memoryCacheBackend();
  const stream = new Observation(metrics).port('marketStream', marketStream, OPERATIONS.marketStream);
  const subscription = stream.subscribe(['AAPL'], { after: { AAPL: OLDEST_TICK } });
  await stream.append('AAPL', [tick]);
  for await (const item of subscription) {
    expect(item).toMatchObject({ kind: 'tick', symbol: 'AAPL', tick });
    break;
  }
  expect(Object.keys(metrics.snapshot().operations)).toEqual(['marketStream.append']);
});

class Counting {
  readonly #step: number;
  #count = 0;

  constructor(step: number) {
    this.#step = step;
  }

  async next(): Promise<number> {
    return (this.#count += this.#step);
  }

  async fail(): Promise<never> {
    throw new RangeError('too many');
  }
}

it('counts and times successful and failed calls without subscribers', async () => {
  const metrics = new OperationMetrics();
  const counting = new Observation(metrics).port('counting', new Counting(2), { next: READ, fail: READ });
  expect([await counting.next(), await counting.next()]).toEqual([2, 4]);
  await expect(counting.fail()).rejects.toThrow('too many');
  const { operations, lastSuccessAt } = metrics.snapshot();
  expect(operations).toMatchObject({
    'counting.next': { count: 2, errors: 0 },
    'counting.fail': { count: 1, errors: 1 },
  });
  expect(operations['counting.next']!.max).toBeGreaterThan(0);
  expect(lastSuccessAt).toBeInstanceOf(Date);
});

it('announces calls while the operation channel has subscribers', async () => {
  const metrics = new OperationMetrics();
  const counting = new Observation(metrics).port('counting', new Counting(1), { next: READ, fail: READ });
  await counting.next();
  const events: unknown[] = [];
  const stop = onOperationEnd(({ operation, error, result }) => events.push({ operation, error, result }));
  await counting.next();
  await counting.fail().catch(() => undefined);
  stop();
  await counting.next();
  expect(events).toEqual([
    { operation: 'counting.next', result: 2 },
    { operation: 'counting.fail', error: new RangeError('too many') },
  ]);
  expect(metrics.snapshot().operations['counting.next']!.count).toBe(3);
});

it.each([
  ['features.latest', (database: DatabaseAbstraction) => database.getLatestFeatures('A')],
  ['predictions.findById', (database: DatabaseAbstraction) => database.getPrediction('p')],
  ['marketData.latest', (database: DatabaseAbstraction) => database.getLatestMarketData('A', 1)],
])('announces whether the cache answered %s', async (name, read) => {
  const timeSeries = memoryTimeSeries();
  await timeSeries.features.insert([{ symbol: 'A', timestamp: 1, version: 1, features: { rsi: 1 } }]);
  await timeSeries.marketData.insert(bars(['A']));
  await timeSeries.predictions.insert(predictionOf('p'));
  const database = new DatabaseAbstraction({ timeSeries, cache: memoryCacheBackend() });
  const hits: unknown[] = [];
  const stop = onOperationEnd(({ operation, cacheHit }) => hits.push([operation, cacheHit]));
  for (let reads = 0; reads < 3; reads++) await read(database);
  stop();
  expect(hits).toEqual([
    [name, false],
    [name, true],
    [name, true],
  ]);
});

const predictionOf = (predictionId: string): PredictionBatch => ({
  modelVersion: 'm1',
  strategy: 's1',
  predictions: [buildRow('predictions', { predictionId, symbol: 'A' })],
});
