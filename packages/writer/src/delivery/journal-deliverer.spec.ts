import { ConnectionError, QueryError } from '@quantumtrade/dal-domain';
import { openJournal } from '@quantumtrade/dal-journal';
import { turn } from '@quantumtrade/dal-testing';
import { bars } from '@quantumtrade/dal-testing/records';
import { failsWith, hangs, operation, refused, unavailable } from '../testing/answers.js';
import { watch, writerHarness } from '../testing/writer-harness.js';

it('a journaled write resolves during an outage and is delivered after it', async () => {
  const { openJournaled, advance, script, stored, attempts, events, clock } = writerHarness({ maxRows: 1 });
  const store = script.answer;
  script.answer = failsWith(unavailable);
  const writer = await openJournaled();
  const journaledAt = clock.now();
  for (const symbol of ['A', 'B', 'C']) {
    expect(await writer.write('marketData', bars([symbol]))).toMatchObject({
      durability: 'journaled',
      writeToken: null,
    });
  }
  await advance(60_000);
  expect(await stored()).toEqual([]);
  expect(writer.progress()).toMatchObject({ rows: 3, journaledBlocks: 3, oldestJournaledAt: journaledAt });
  expect(new Set(attempts.map(({ id }) => id)).size).toBe(1);
  expect(events.every(({ type }) => type === 'delivery-delayed')).toBe(true);
  script.answer = store;
  const closing = writer.close();
  await advance(60_000);
  await closing;
  expect(await stored()).toEqual(['A', 'B', 'C']);
  expect(writer.progress()).toMatchObject({ journaledBlocks: 0, oldestJournaledAt: null });
});

it('the age of a journaled block survives a restart', async () => {
  const { openJournaled, advance, script, clock } = writerHarness({ maxRows: 1 });
  script.answer = failsWith(unavailable);
  const writer = await openJournaled();
  const journaledAt = clock.now();
  await writer.write('marketData', bars(['A']));
  await advance(60_000);
  const closing = watch(writer.close({ deadline: clock.now() + 1 }));
  await advance(1_000);
  expect(closing.error).toBeDefined();
  const next = await openJournaled('acknowledged');
  await turn();
  expect(next.progress().oldestJournaledAt).toBe(journaledAt);
});

it.each(['journaled', 'acknowledged'] as const)(
  'the next %s writer delivers the journal after a crash',
  async (durability) => {
    const { openJournaled, advance, script, stored, disk, clock } = writerHarness({ maxRows: 1 });
    const store = script.answer;
    script.answer = hangs;
    const writer = await openJournaled();
    await writer.write('marketData', bars(['A']));
    disk.crash();
    script.answer = store;
    const next = await openJournaled(durability);
    await next.write('marketData', bars(['B']));
    const closing = next.close({ deadline: clock.now() + 1_000 });
    await advance(0);
    await closing;
    expect(await stored()).toEqual(['A', 'B']);
  },
);

it('journaled blocks are marked unsent until they have been sent', async () => {
  const { openJournaled, advance, script, attempts, disk } = writerHarness({ maxRows: 1 });
  const store = script.answer;
  const unsent = () => attempts.splice(0).map(({ isUnsent }) => isUnsent);
  const writer = await openJournaled();
  await writer.write('marketData', bars(['A']));
  await writer.write('marketData', bars(['B']));
  await advance(0);
  expect(unsent()).toEqual([false, true]);
  script.answer = failsWith(unavailable);
  await writer.write('marketData', bars(['C']));
  await writer.write('marketData', bars(['D']));
  await advance(0);
  script.answer = store;
  await advance(10_000);
  expect(unsent()).toEqual([true, false, true]);
  script.answer = hangs;
  await writer.write('marketData', bars(['E']));
  await turn();
  disk.crash();
  script.answer = store;
  attempts.splice(0);
  const next = await openJournaled();
  await next.write('marketData', bars(['F']));
  await advance(0);
  expect(unsent()).toEqual([false, true]);
});

it.each([
  ['a refused login', new ConnectionError('login', { operation, retryable: false, kind: 'LOGIN_REFUSED' })],
  ['a certificate', new ConnectionError('certificate expired', { operation, retryable: false })],
])('delivery pauses after %s and resumes when it is repaired', async (_, refusal) => {
  const { openJournaled, advance, script, stored, attempts, events, deadLetters } = writerHarness({
    maxRows: 1,
    retry: { random: () => 0.5, maxDelayMs: 5_000 },
  });
  const store = script.answer;
  script.answer = failsWith(refusal);
  const writer = await openJournaled();
  for (const symbol of ['A', 'B']) await writer.write('marketData', bars([symbol]));
  await advance(4_999);
  expect(attempts).toHaveLength(1);
  await advance(5_000);
  expect(attempts).toHaveLength(2);
  expect(events).toEqual([{ type: 'delivery-paused', retryAfterMs: 5_000, error: refusal }]);
  expect(writer.progress()).toMatchObject({ journaledBlocks: 2, deliveryPausedBy: refusal.message });
  expect(await deadLetters.list()).toEqual([]);
  script.answer = store;
  await advance(5_000);
  expect(await stored()).toEqual(['A', 'B']);
  expect(events.slice(1)).toEqual([{ type: 'delivery-resumed' }]);
  expect(writer.progress()).toMatchObject({ journaledBlocks: 0, deliveryPausedBy: null });
});

it('delivery resumes when the next block is refused for good', async () => {
  const { openJournaled, advance, script, events, deadLetters } = writerHarness({ maxRows: 1 });
  const login = new ConnectionError('login', { operation, retryable: false });
  const answers = [login, refused];
  const store = script.answer;
  script.answer = (block) => (answers.length > 0 ? Promise.reject(answers.shift()) : store(block));
  const writer = await openJournaled();
  await writer.write('marketData', bars(['A']));
  await advance(10_000);
  expect(events.map(({ type }) => type)).toEqual([
    'delivery-paused',
    'dead-letter-added',
    'delivery-resumed',
  ]);
  expect(await deadLetters.list()).toHaveLength(1);
  expect(writer.progress()).toMatchObject({ journaledBlocks: 0, deliveryPausedBy: null });
});

it('close reports why delivery is paused when its deadline passes', async () => {
  const { openJournaled, advance, script, clock } = writerHarness({ maxRows: 1 });
  script.answer = failsWith(new ConnectionError('login refused', { operation, retryable: false }));
  const writer = await openJournaled();
  await writer.write('marketData', bars(['A']));
  const closing = watch(writer.close({ deadline: clock.now() + 100 }));
  await advance(100);
  expect((closing.error as Error).message).toMatch(/1 blocks wait in the journal .*login refused/);
});

it('delivery continues behind a block that is refused for good', async () => {
  const { openJournaled, advance, script, stored, deadLetters } = writerHarness({ maxRows: 1 });
  const store = script.answer;
  const tooLarge = new QueryError('INSERT', 'too large', { operation, kind: 'TOO_LARGE' });
  let calls = 0;
  script.answer = (block) => (calls++ === 0 ? Promise.reject(tooLarge) : store(block));
  const writer = await openJournaled();
  for (const symbol of ['A', 'B', 'C']) await writer.write('marketData', bars([symbol]));
  await advance(0);
  expect(await stored()).toEqual(['B', 'C']);
  expect(await deadLetters.list()).toMatchObject([{ rowCount: 1, reason: { code: 'QUERY' } }]);
  expect(writer.progress()).toMatchObject({ journaledBlocks: 0 });
});

it('delivery quarantines a journal record that is no block', async () => {
  const { openJournaled, advance, stored, disk, clock, events } = writerHarness({ maxRows: 1 });
  const journal = await openJournal({ directory: '/journal', fs: disk.fs, clock: clock });
  await journal.append('foreign', Buffer.from('not a block'));
  await journal.close();
  const writer = await openJournaled();
  await writer.write('marketData', bars(['A']));
  await advance(0);
  expect(await stored()).toEqual(['A']);
  expect(events).toMatchObject([{ type: 'record-quarantined', recordId: 'foreign' }]);
  expect(writer.progress()).toMatchObject({ journaledBlocks: 0 });
});

it('the journal keeps a refused block until its dead letter is kept', async () => {
  const { openJournaled, advance, script, deadLetters, clock } = writerHarness({ maxRows: 1 });
  script.answer = failsWith(refused);
  const { add } = deadLetters;
  deadLetters.add = failsWith(new Error('disk full'));
  const writer = await openJournaled();
  await writer.write('marketData', bars(['A']));
  await advance(1_000);
  expect(writer.progress().journaledBlocks).toBe(1);
  deadLetters.add = add;
  const closing = writer.close({ deadline: clock.now() + 60_000 });
  await advance(10_000);
  await closing;
  expect(await deadLetters.list()).toMatchObject([{ rowCount: 1 }]);
  expect(writer.progress().journaledBlocks).toBe(0);
});

it('close reports the blocks in the journal when its deadline passes', async () => {
  const { openJournaled, advance, script, clock } = writerHarness({ maxRows: 1 });
  script.answer = hangs;
  const writer = await openJournaled();
  await writer.write('marketData', bars(['A']));
  const closing = watch(writer.close({ deadline: clock.now() + 100 }));
  await advance(100);
  expect(closing.error).toMatchObject({ rowCount: 0, journaledBlocks: 1 });
  expect((closing.error as Error).message).toMatch(/1 blocks wait in the journal/);
});

it('a journaled write waits while the disk is full', async () => {
  const { openJournaled, advance, disk, stored, events } = writerHarness({ maxRows: 1 });
  const writer = await openJournaled();
  disk.capacity = disk.used;
  const write = watch(writer.write('marketData', bars(['A'])));
  await advance(1_000);
  expect(write).toEqual({});
  expect(events[0]).toMatchObject({ type: 'retry-scheduled', error: { code: 'DISK_FULL' } });
  disk.capacity = Infinity;
  await advance(10_000);
  expect(write.value).toMatchObject({ acceptedCount: 1 });
  await turn();
  expect(await stored()).toEqual(['A']);
});

it('delivered blocks carry the time at which they were journaled', async () => {
  const { openJournaled, advance, attempts, clock } = writerHarness({ maxRows: 1 });
  const writer = await openJournaled();
  const journaledAt = clock.now();
  await writer.write('marketData', bars(['A']));
  await advance(10);
  expect(attempts.map(({ acknowledgedAt }) => acknowledgedAt)).toEqual([journaledAt]);
});
