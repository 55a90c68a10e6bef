import { afterEach } from '@jest/globals';
import { SeededRandom } from '@quantumtrade/dal-runtime';
import {
  announcesAnswerAtHand,
  currentOperation,
  onOperationEnd,
  operationChannel,
  sampleAnswersAtHand,
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

describe('an answer from memory', () => {
  const announcedOf = (count: number) =>
    Array.from({ length: count }, () => announcesAnswerAtHand()).filter((isAnnounced) => isAnnounced).length;

  it('is announced to subscribers unless answers are sampled', () => {
    expect(announcedOf(10)).toBe(0);
    const stop = onOperationEnd(() => undefined);
    expect(announcedOf(10)).toBe(10);
    const draws = new SeededRandom(3);
    const stopSampling = sampleAnswersAtHand(0.01, () => draws.next());
    const announced = announcedOf(100_000);
    expect(announced).toBeGreaterThan(800);
    expect(announced).toBeLessThan(1_200);
    stopSampling();
    expect(announcedOf(10)).toBe(10);
    stop();
  });

  it.each([
    [0, 0],
    [1, 100],
  ])('with a share of %d is announced %d times in a hundred', (share, expected) => {
    const stop = onOperationEnd(() => undefined);
    const stopSampling = sampleAnswersAtHand(share);
    expect(announcedOf(100)).toBe(expected);
    stopSampling();
    stop();
  });
});
