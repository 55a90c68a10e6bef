import { ManualClock } from '@quantumtrade/dal-runtime';
import { turn } from '@quantumtrade/dal-testing';
import { LogQueue } from './log-queue.js';
import type { LogEvent, LogsApi } from './logs-api.js';

const named = (name: string) => Object.assign(new Error(name), { name });

/** A queue over an API in memory, whose next answers can be given. */
function harness(maxBytes?: number) {
  const clock = new ManualClock();
  const batches: (readonly LogEvent[])[] = [];
  const script: { put: () => Promise<number>; streams: number } = {
    put: () => Promise.resolve(0),
    streams: 0,
  };
  const api: LogsApi = {
    put: async (events) => {
      const refused = await script.put();
      batches.push(events);
      return refused;
    },
    createStream: async () => void script.streams++,
    close: () => undefined,
  };
  const queue = new LogQueue(api, clock, maxBytes, () => 0.5);
  const advance = async (ms: number) => {
    clock.advance(ms);
    await turn();
  };
  const sent = () => batches.map((batch) => batch.map(({ message }) => message));
  return { clock, queue, batches, script, advance, sent };
}

it('lines of a second are sent as one batch, in order', async () => {
  const { queue, batches, advance, clock } = harness();
  const startedAt = clock.now();
  queue.write('a\n');
  clock.set(startedAt - 500);
  queue.write('b\n');
  await advance(1_500);
  queue.write('c\n');
  await advance(1_000);
  expect(batches).toEqual([
    [
      { timestamp: startedAt, message: 'a' },
      { timestamp: startedAt, message: 'b' },
    ],
    [{ timestamp: startedAt + 1_000, message: 'c' }],
  ]);
});

it('batches stay within the limits of events, bytes and time', async () => {
  const { queue, batches, advance, clock, sent } = harness();
  for (let n = 0; n < 10_001; n++) queue.write(`${n}\n`);
  await advance(1_000);
  expect(batches.map(({ length }) => length)).toEqual([10_000, 1]);
  batches.length = 0;
  const long = 'ü'.repeat(300_000);
  for (let n = 0; n < 3; n++) queue.write(long);
  await turn();
  await advance(1_000);
  expect(batches.map(({ length }) => length)).toEqual([1, 1, 1]);
  for (const batch of batches) {
    const bytes = batch.reduce((sum, { message }) => sum + Buffer.byteLength(message) + 26, 0);
    expect(bytes).toBeLessThanOrEqual(1_048_576);
  }
  batches.length = 0;
  queue.write('early');
  clock.set(clock.now() + 999);
  queue.write('soon');
  await advance(1_000);
  expect(sent()).toEqual([['early', 'soon']]);
});

it('lines beyond the bound and too long lines are dropped and counted', async () => {
  const { queue, advance, sent } = harness(100);
  queue.write('x'.repeat(50));
  queue.write('y'.repeat(50));
  queue.write('z'.repeat(1_048_576));
  await advance(1_000);
  queue.write('after');
  await advance(1_000);
  expect(queue.counts.dropped).toBe(2);
  expect(sent()).toEqual([['x'.repeat(50)], ['after']]);
});

it('a batch is sent again after a failure, before later lines', async () => {
  const { queue, script, advance, sent } = harness();
  script.put = () => Promise.reject(named('ServiceUnavailableException'));
  queue.write('a');
  await advance(1_000);
  queue.write('b');
  script.put = () => Promise.resolve(0);
  await advance(500);
  expect(sent()).toEqual([['a', 'b']]);
  expect(queue.counts).toMatchObject({ failures: 1, dropped: 0 });
});

it('a batch that is refused for good is dropped', async () => {
  const { queue, script, advance, sent } = harness();
  script.put = () => Promise.reject(named('InvalidParameterException'));
  queue.write('a');
  await advance(1_000);
  script.put = () => Promise.resolve(1);
  queue.write('old');
  await advance(1_000);
  expect(sent()).toEqual([['old']]);
  expect(queue.counts).toMatchObject({ failures: 1, dropped: 2 });
});

it('a missing stream is created once', async () => {
  const { queue, script, advance, sent } = harness();
  script.put = () => {
    script.put = () => Promise.resolve(0);
    return Promise.reject(named('ResourceNotFoundException'));
  };
  queue.write('a');
  await advance(1_000);
  expect(script.streams).toBe(1);
  expect(sent()).toEqual([['a']]);
});

it('close sends what is queued, and drops the rest after five seconds', async () => {
  const { queue, script, sent } = harness();
  queue.write('a');
  await queue.close();
  expect(sent()).toEqual([['a']]);
  queue.write('late');
  expect(queue.counts.dropped).toBe(1);
  const other = harness();
  other.script.put = () => new Promise(() => undefined);
  other.queue.write('b');
  const closing = other.queue.close();
  await turn();
  await other.advance(5_000);
  await closing;
  expect(other.queue.counts.dropped).toBe(1);
  expect(script.streams).toBe(0);
});
