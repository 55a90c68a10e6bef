import { OPERATIONS } from '@quantumtrade/dal-domain';
import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import type { OperationEvent } from '@quantumtrade/dal-telemetry';
import { currentOperation, onOperationEnd, OperationMetrics } from '@quantumtrade/dal-telemetry';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { Observation } from './observation.js';
import { observedStream } from './observed-stream.js';

let stop = () => {};
afterEach(() => stop());

function listen(): OperationEvent[] {
  const events: OperationEvent[] = [];
  stop = onOperationEnd((event) => events.push(event));
  return events;
}

/** Returns observed market data of 25 bars, and its metrics. */
async function observedBars() {
  const metrics = new OperationMetrics();
  const { marketData } = memoryTimeSeries();
  const records = Array.from({ length: 25 }, (_, n) => buildRow('marketData', { symbol: 'A', timestamp: n }));
  await marketData.insert({ source: 'vendor', records });
  return { metrics, bars: new Observation(metrics).port('marketData', marketData, OPERATIONS.marketData) };
}

async function drain(batches: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of batches) count++;
  return count;
}

it.each(['stream', 'streamColumns'] as const)('%s is one operation that counts its rows', async (method) => {
  for (const isAnnounced of [false, true]) {
    const { metrics, bars } = await observedBars();
    const events = isAnnounced ? listen() : [];
    const params = { batchRows: 10 };
    const stream = method === 'stream' ? bars.stream(params) : bars.streamColumns(params);
    expect(metrics.snapshot().operations).toEqual({});
    expect(await drain(stream)).toBe(3);
    const operation = `marketData.${method}`;
    expect(metrics.snapshot().operations).toMatchObject({ [operation]: { count: 1, errors: 0 } });
    if (isAnnounced) expect(events).toMatchObject([{ operation, rows: 25 }]);
    for (const event of events) expect('error' in event).toBe(false);
  }
});

it('a stream that is left is a success with the rows read', async () => {
  const { metrics, bars } = await observedBars();
  const events = listen();
  for await (const batch of bars.stream({ batchRows: 10 })) {
    expect(batch).toHaveLength(10);
    expect(events).toEqual([]);
    break;
  }
  expect(events).toMatchObject([{ operation: 'marketData.stream', rows: 10 }]);
  expect(metrics.snapshot().operations).toMatchObject({ 'marketData.stream': { count: 1, errors: 0 } });
});

it('each loop over a stream is an operation of its own', async () => {
  const { metrics, bars } = await observedBars();
  const stream = bars.stream();
  for (let loop = 0; loop < 2; loop++) {
    for await (const batch of stream) expect(batch).toHaveLength(25);
  }
  expect(metrics.snapshot().operations).toMatchObject({ 'marketData.stream': { count: 2, errors: 0 } });
});

it('a stream that fails counts as an error', async () => {
  const { metrics, bars } = await observedBars();
  for (const isAnnounced of [false, true]) {
    const events = isAnnounced ? listen() : [];
    await expect(drain(bars.stream({ batchRows: 0 }))).rejects.toMatchObject({ field: 'batchRows' });
    if (isAnnounced) expect(events).toMatchObject([{ error: { code: 'VALIDATION' } }]);
  }
  expect(metrics.snapshot().operations).toMatchObject({ 'marketData.stream': { count: 2, errors: 2 } });
});

it('every batch is read in the operation of its stream', async () => {
  const ended: string[] = [];
  async function* source() {
    try {
      for (let n = 0; n < 3; n++) {
        await Promise.resolve();
        currentOperation()!.queryId = `q-${n}`;
        yield [n];
      }
    } finally {
      ended.push(currentOperation()!.operation);
    }
  }
  const events = listen();
  const observed = observedStream('numbers.stream', new OperationMetrics().series('numbers.stream'), source);
  for await (const _ of observed()) expect(currentOperation()).toBeUndefined();
  expect(events).toMatchObject([{ operation: 'numbers.stream', queryId: 'q-2', rows: 3 }]);
  expect(ended).toEqual(['numbers.stream']);
});
