import type { CallOptions } from '@quantumtrade/dal-domain';
import { QueryError } from '@quantumtrade/dal-domain';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { LookupBatcher } from './lookup-batcher.js';

interface Sent {
  readonly keys: readonly string[];
  readonly options: CallOptions | undefined;
  answer(): void;
  fail(error: Error): void;
}

/** Returns a batcher, and the queries that it sent. The value of a key is the key in capitals; `none` has no value. */
function batcherOf(maxKeys = 1_000, clock?: ManualClock) {
  const sent: Sent[] = [];
  const batcher = new LookupBatcher<string, string>(
    (keyOfText, options) =>
      new Promise((resolve, reject) => {
        const keys = [...keyOfText.values()];
        const values = keys.filter((key) => key !== 'none').map((key) => [key, key.toUpperCase()] as const);
        sent.push({ keys, options, answer: () => resolve(new Map(values)), fail: reject });
      }),
    { textOf: (key) => key, operation: 'test.latest', timeoutMs: 60_000, maxKeys, clock },
  );
  return { batcher, sent };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

it('makes one query of lookups that begin in one tick', async () => {
  const { batcher, sent } = batcherOf();
  const found = Promise.all(['a', 'b', 'a', 'none'].map(async (key) => batcher.find(key, undefined)));
  await tick();
  expect(sent.map(({ keys }) => keys)).toEqual([['a', 'b', 'none']]);
  sent[0]!.answer();
  expect(await found).toEqual(['A', 'B', 'A', undefined]);
});

it('sends a lookup of an idle batcher before the next tick', async () => {
  const { batcher, sent } = batcherOf();
  const found = batcher.find('a', undefined);
  await tick();
  expect(sent).toHaveLength(1);
  sent[0]!.answer();
  await found;
});

it('joins no query that has been sent', async () => {
  const { batcher, sent } = batcherOf();
  const first = batcher.find('a', undefined);
  await tick();
  const later = [batcher.find('a', undefined), batcher.find('b', undefined)];
  await tick();
  expect(sent).toHaveLength(1);
  sent[0]!.answer();
  await first;
  await tick();
  expect(sent[1]!.keys).toEqual(['a', 'b']);
  sent[1]!.answer();
  expect(await Promise.all(later)).toEqual(['A', 'B']);
  await tick();
  expect(batcher.isIdle).toBe(true);
});

it('passes the options of an only caller on unchanged', async () => {
  const { batcher, sent } = batcherOf();
  const options = { deadline: Date.now() + 5_000 };
  const found = batcher.find('a', options);
  await tick();
  expect(sent[0]!.options).toBe(options);
  sent[0]!.answer();
  await found;
});

it('limits a shared query by the latest deadline of its callers', async () => {
  const { batcher, sent } = batcherOf();
  const now = Date.now();
  const found = [batcher.find('a', { deadline: now + 5_000 }), batcher.find('b', { deadline: now + 9_000 })];
  await tick();
  expect(sent[0]!.options!.deadline).toBe(now + 9_000);
  sent[0]!.answer();
  await Promise.all(found);
});

it('leaves the other callers alone when one aborts', async () => {
  const { batcher, sent } = batcherOf();
  const controller = new AbortController();
  const aborted = batcher.find('a', { signal: controller.signal });
  const other = batcher.find('b', undefined);
  await tick();
  controller.abort(new Error('left'));
  await expect(aborted).rejects.toThrow('left');
  expect(sent[0]!.options!.signal!.aborted).toBe(false);
  sent[0]!.answer();
  expect(await other).toBe('B');
});

it('cancels a query when all its callers have left', async () => {
  const { batcher, sent } = batcherOf();
  const controller = new AbortController();
  const { signal } = controller;
  const lookups = ['a', 'b'].map((key) => batcher.find(key, { signal }));
  await tick();
  controller.abort(new Error('left'));
  const outcomes = await Promise.allSettled(lookups);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(sent[0]!.options!.signal!.aborted).toBe(true);
});

it('asks for no key whose callers left while it waited', async () => {
  const { batcher, sent } = batcherOf();
  const controller = new AbortController();
  const first = batcher.find('a', undefined);
  await tick();
  const waiting = batcher.find('b', { signal: controller.signal });
  const other = batcher.find('c', undefined);
  controller.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  sent[0]!.answer();
  await first;
  await tick();
  expect(sent[1]!.keys).toEqual(['c']);
  sent[1]!.answer();
  await other;
});

it('rejects a waiting lookup with a timeout at its own deadline', async () => {
  const { batcher, sent } = batcherOf();
  const first = batcher.find('a', undefined);
  await tick();
  const late = batcher.find('b', { deadline: Date.now() + 10 });
  await expect(late).rejects.toMatchObject({ code: 'TIMEOUT', operation: 'test.latest' });
  sent[0]!.answer();
  expect(await first).toBe('A');
});

it('rejects the callers of a failed query alone', async () => {
  const { batcher, sent } = batcherOf();
  const failing = [batcher.find('a', undefined), batcher.find('b', undefined)];
  await tick();
  const next = batcher.find('c', undefined);
  sent[0]!.fail(new Error('broken'));
  const outcomes = await Promise.allSettled(failing);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
  await tick();
  sent[1]!.answer();
  expect(await next).toBe('C');
});

it('asks for at most the maximum number of keys at once', async () => {
  const { batcher, sent } = batcherOf(2);
  const found = Promise.all(['a', 'b', 'c', 'a', 'd'].map(async (key) => batcher.find(key, undefined)));
  await tick();
  sent[0]!.answer();
  await tick();
  sent[1]!.answer();
  expect(await found).toEqual(['A', 'B', 'C', 'A', 'D']);
  expect(sent.map(({ keys }) => keys)).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
});

it('sends waiting lookups when the running query is overdue', async () => {
  const clock = new ManualClock();
  const { batcher, sent } = batcherOf(1_000, clock);
  const lost = batcher.find('a', undefined);
  await tick();
  const later = [batcher.find('a', undefined), batcher.find('b', undefined)];
  clock.advance(49);
  await tick();
  expect(sent).toHaveLength(1);
  clock.advance(1);
  await tick();
  expect(sent.map(({ keys }) => keys)).toEqual([['a'], ['a', 'b']]);
  sent[1]!.answer();
  expect(await Promise.all(later)).toEqual(['A', 'B']);
  expect(batcher.isIdle).toBe(false);
  // Nothing but the lost query runs: later lookups wait for none.
  const last = batcher.find('c', undefined);
  clock.advance(0);
  await tick();
  sent[2]!.answer();
  expect(await last).toBe('C');
  sent[0]!.answer();
  expect(await lost).toBe('A');
  await tick();
  expect(batcher.isIdle).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

it('calls no query overdue that takes the usual time', async () => {
  const clock = new ManualClock();
  const { batcher, sent } = batcherOf(1_000, clock);
  const run = async (durationMs: number) => {
    const count = sent.length;
    const found = batcher.find('a', undefined);
    await tick();
    clock.advance(durationMs);
    sent[count]!.answer();
    await found;
    await tick();
  };
  for (let i = 0; i < 60; i++) await run(100);
  const count = sent.length;
  const running = batcher.find('a', undefined);
  await tick();
  const waiting = batcher.find('b', undefined);
  clock.advance(300);
  await tick();
  expect(sent).toHaveLength(count + 1);
  clock.advance(150);
  await tick();
  expect(sent).toHaveLength(count + 2);
  for (const query of sent) query.answer();
  expect(await Promise.all([running, waiting])).toEqual(['A', 'B']);
});

it('has at most eight overdue queries', async () => {
  const clock = new ManualClock();
  const { batcher, sent } = batcherOf(1_000, clock);
  const found: Promise<unknown>[] = [];
  for (let i = 0; i < 12; i++) {
    found.push(batcher.find(`k${i}`, undefined));
    await tick();
    clock.advance(60);
    await tick();
  }
  expect(sent).toHaveLength(8);
  sent[3]!.answer();
  await tick();
  clock.advance(60);
  await tick();
  expect(sent).toHaveLength(9);
  expect(sent[8]!.keys).toEqual(['k8', 'k9', 'k10', 'k11']);
  for (const query of sent) query.answer();
  await Promise.all(found);
  expect(batcher.isIdle).toBe(true);
});

const unreadable = () => new QueryError('SELECT', 'the answer cannot be read', { operation: 'test.latest' });

it('looks up each key by itself when their query fails', async () => {
  const { batcher, sent } = batcherOf();
  const found = Promise.allSettled(['a', 'bad', 'a', 'none'].map((key) => batcher.find(key, undefined)));
  await tick();
  const failure = unreadable();
  sent[0]!.fail(unreadable());
  await tick();
  expect(sent.slice(1).map(({ keys }) => keys)).toEqual([['a'], ['bad'], ['none']]);
  sent[1]!.answer();
  sent[2]!.fail(failure);
  sent[3]!.answer();
  expect(await found).toEqual([
    { status: 'fulfilled', value: 'A' },
    { status: 'rejected', reason: failure },
    { status: 'fulfilled', value: 'A' },
    { status: 'fulfilled', value: undefined },
  ]);
  await tick();
  expect(batcher.isIdle).toBe(true);
});

it('rejects all keys when the first eight fail by themselves', async () => {
  const { batcher, sent } = batcherOf();
  const found = Promise.allSettled(Array.from({ length: 100 }, (_, n) => batcher.find(`k${n}`, undefined)));
  for (let failed = 0; failed < 9; failed++) {
    await tick();
    sent[failed]!.fail(unreadable());
  }
  const outcomes = await found;
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect(sent).toHaveLength(9);
});

it('looks up all keys by themselves when one of the first succeeds', async () => {
  const { batcher, sent } = batcherOf();
  const found = Promise.all(Array.from({ length: 20 }, (_, n) => batcher.find(`k${n}`, undefined)));
  await tick();
  sent[0]!.fail(unreadable());
  for (let turn = 0; turn < 3; turn++) {
    await tick();
    for (const query of sent.slice(1)) query.answer();
  }
  expect(await found).toEqual(Array.from({ length: 20 }, (_, n) => `K${n}`));
  expect(sent).toHaveLength(21);
});

it.each([
  ['retryable', new QueryError('SELECT', 'busy', { operation: 'test.latest', retryable: true })],
  ['no query error', new Error('broken')],
])('rejects all callers of a query whose error is %s', async (_, error) => {
  const { batcher, sent } = batcherOf();
  const found = Promise.allSettled(['a', 'b'].map((key) => batcher.find(key, undefined)));
  await tick();
  sent[0]!.fail(error);
  expect(await found).toEqual(Array.from({ length: 2 }, () => ({ status: 'rejected', reason: error })));
  expect(sent).toHaveLength(1);
});
