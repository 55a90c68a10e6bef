import { afterEach } from '@jest/globals';
import {
  currentOperation,
  onOperationEnd,
  operationChannel,
  traceOperation,
  type OperationEvent,
} from './index.js';

describe('an operation', () => {
  let stop = () => {};
  afterEach(() => stop());

  const listen = (): OperationEvent[] => {
    const events: OperationEvent[] = [];
    stop = onOperationEnd((event) => events.push(event));
    return events;
  };

  it('runs an operation without subscribers', async () => {
    const event: OperationEvent = { operation: 'marketData.latest' };
    expect(operationChannel.hasSubscribers).toBe(false);
    await expect(traceOperation(event, async () => 42)).resolves.toBe(42);
    expect(event).toEqual({ operation: 'marketData.latest' });
  });

  it('announces a successful operation with fields set while it ran', async () => {
    const events = listen();
    const answer = traceOperation({ operation: 'marketData.insert' }, async (event: OperationEvent) => {
      event.rows = 3;
      await Promise.resolve();
      event.queryId = 'q-1';
      return 'done';
    });
    expect(events).toEqual([]);
    await expect(answer).resolves.toBe('done');
    expect(events).toEqual([
      {
        operation: 'marketData.insert',
        rows: 3,
        queryId: 'q-1',
        result: 'done',
        startedAt: expect.any(Number),
      },
    ]);
  });

  it.each([
    ['rejects', () => Promise.reject(new RangeError('too many'))],
    [
      'throws at once',
      () => {
        throw new RangeError('too many');
      },
    ],
  ])('announces an operation once with its error when it %s', async (_how, run) => {
    const events = listen();
    await expect(traceOperation({ operation: 'features.insert' }, run)).rejects.toThrow(RangeError);
    expect(events).toEqual([
      { operation: 'features.insert', error: new RangeError('too many'), startedAt: expect.any(Number) },
    ]);
  });

  it('returns the current operation to the code that runs in it', async () => {
    const events = listen();
    await traceOperation({ operation: 'marketData.latest' }, async () => {
      await Promise.resolve();
      currentOperation()!.queryId = 'q-2';
    });
    expect(events).toEqual([expect.objectContaining({ operation: 'marketData.latest', queryId: 'q-2' })]);
    expect(currentOperation()).toBeUndefined();
  });

  it('announces nothing to a listener that has stopped', async () => {
    const events = listen();
    stop();
    await traceOperation({ operation: 'marketData.latest' }, async () => 42);
    expect(events).toEqual([]);
  });
});
