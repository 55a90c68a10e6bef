import { ConnectionError, QueryError } from '@quantumtrade/dal-domain';
import { openJournal } from '@quantumtrade/dal-journal';
import { memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { bars, MONTH_MS, turn } from '../testing/bars.js';
import { away, fails, hangs, operation, refused, watched, worldOn } from '../testing/world.js';

const world = worldOn({ timeSeries: memoryTimeSeries, deadLetters: memoryDeadLetters });

describe('a store that fails', () => {
  it('gets the same block again, after growing random delays, until it takes it', async () => {
    const retry = { initialDelayMs: 100, maxDelayMs: 300, random: () => 0.5 };
    const { open, pass, attempts, script, timers } = world({ maxRows: 1, retry });
    const store = script.answer;
    const times: number[] = [];
    script.answer = (block) => {
      times.push(timers.now());
      return times.length < 5 ? Promise.reject(away) : store(block);
    };
    const write = watched(open().write('marketData', bars(['A'])));
    for (let steps = 0; steps < 10; steps++) await pass(50);
    expect(times.slice(1).map((time, i) => time - times[i]!)).toEqual([50, 100, 150, 150]);
    expect(write.value).toMatchObject({ acceptedCount: 1 });
    expect(new Set(attempts).size).toBe(1);
  });

  it('keeps what it refuses for good as a dead letter, and its callers hear of it', async () => {
    const { open, pass, script, deadLetters, timers, attempts } = world();
    script.answer = fails(refused);
    const writer = open();
    const writes = [writer.write('marketData', bars(['A'])), writer.write('marketData', bars(['B', 'C']))];
    const [first, second] = writes.map(watched);
    await pass(50);
    expect(first!.error).toMatchObject({ code: 'QUERY', retryable: false, cause: refused });
    expect(first!.error).toBe(second!.error);
    const [letter] = await deadLetters.list();
    expect((first!.error as Error).message).toContain(
      `no such column; its 3 rows are kept as dead letter ${letter!.id}`,
    );
    expect(letter).toMatchObject({
      rowCount: 3,
      reason: { code: 'QUERY', message: refused.message },
      at: timers.now(),
    });
    expect(attempts).toHaveLength(1);
  });

  it('is a loss to the caller when one block of a batch is kept and another is not', async () => {
    const { open, script } = world({ maxRows: 1 });
    const login = new ConnectionError('login', { operation, retryable: false });
    const answers = [refused, login];
    script.answer = () => Promise.reject(answers.shift());
    let month = 0;
    const batch = bars(['A', 'B'], () => month++ * MONTH_MS);
    await expect(open().write('marketData', batch)).rejects.toBe(login);
  });

  it('says so when not even the dead letter could be kept', async () => {
    const { open, script, deadLetters } = world({ maxRows: 1 });
    script.answer = fails(refused);
    deadLetters.add = fails(new Error('disk full'));
    await expect(open().write('marketData', bars(['A']))).rejects.toThrow(
      /could not be kept as a dead letter either \(disk full\)/,
    );
  });

  it.each([
    ['acknowledged', 3],
    ['journaled', 5],
  ] as const)(
    'gets a block of an %s writer %i times when 3 attempts are allowed',
    async (durability, times) => {
      const { open, openJournaled, pass, attempts, script } = world({
        maxRows: 1,
        retry: { maxAttempts: 3, initialDelayMs: 10, backoffMultiplier: 1, random: () => 0.5 },
      });
      script.answer = fails(away);
      const writer = durability === 'journaled' ? await openJournaled() : open();
      const write = watched(writer.write('marketData', bars(['A'])));
      for (let i = 0; i < 4; i++) await pass(5);
      expect(attempts).toHaveLength(times);
      if (durability === 'acknowledged') expect(write.error).toBe(away);
      else expect(write.value).toMatchObject({ acceptedCount: 1 });
    },
  );

  it('makes no dead letter when it refuses the login', async () => {
    const { open, script, deadLetters } = world({ maxRows: 1 });
    const login = new ConnectionError('login', { operation, retryable: false });
    script.answer = fails(login);
    await expect(open().write('marketData', bars(['A']))).rejects.toBe(login);
    expect(await deadLetters.list()).toEqual([]);
  });

  it('is asked no more once every caller has left, and until then for those who stay', async () => {
    const { open, pass, attempts, script, timers } = world({ maxAgeMs: 0 });
    script.answer = fails(away);
    const writer = open();
    const giveUp = new AbortController();
    const impatient = watched(writer.write('marketData', bars(['A']), { deadline: timers.now() + 100 }));
    const patient = watched(writer.write('marketData', bars(['B']), { signal: giveUp.signal }));
    await pass(0);
    await pass(100);
    expect(impatient.error).toMatchObject({ code: 'TIMEOUT' });
    const before = attempts.length;
    await pass(1_000);
    expect(attempts.length).toBeGreaterThan(before);
    giveUp.abort(new Error('enough'));
    await turn();
    expect(patient.error).toMatchObject({ message: 'enough' });
    const last = attempts.length;
    await pass(60_000);
    expect(attempts).toHaveLength(last);
    expect(writer.progress().pendingBytes).toBe(0);
  });

  it('lets nobody hang who has a deadline, even if it never answers', async () => {
    const { open, pass, script, timers } = world({ maxRows: 1 });
    script.answer = hangs;
    const writer = open();
    const write = watched(writer.write('marketData', bars(['A']), { deadline: timers.now() + 10 }));
    await pass(10);
    expect(write.error).toMatchObject({ code: 'TIMEOUT' });
    await writer.close();
  });
});

describe('a journaled writer', () => {
  it('resolves while the store is away, and delivers in order once it is back', async () => {
    const { openJournaled, pass, script, stored, attempts, events } = world({ maxRows: 1 });
    const store = script.answer;
    script.answer = fails(away);
    const writer = await openJournaled();
    for (const symbol of ['A', 'B', 'C']) {
      expect(await writer.write('marketData', bars([symbol]))).toMatchObject({ durability: 'journaled' });
    }
    await pass(60_000);
    expect(await stored()).toEqual([]);
    expect(writer.progress()).toMatchObject({ rows: 3, journaledBlocks: 3 });
    expect(new Set(attempts.map(({ id }) => id)).size).toBe(1);
    expect(events.every(({ type }) => type === 'delivery-delayed')).toBe(true);
    script.answer = store;
    const closing = writer.close();
    await pass(60_000);
    await closing;
    expect(await stored()).toEqual(['A', 'B', 'C']);
  });

  it.each(['journaled', 'acknowledged'] as const)(
    'that was cut off leaves its rows to the next, even to one that is %s',
    async (durability) => {
      const { openJournaled, pass, script, stored, disk, timers } = world({ maxRows: 1 });
      const store = script.answer;
      script.answer = hangs;
      const writer = await openJournaled();
      await writer.write('marketData', bars(['A']));
      disk.crash();
      script.answer = store;
      const next = await openJournaled(durability);
      await next.write('marketData', bars(['B']));
      const closing = next.close({ deadline: timers.now() + 1_000 });
      await pass(0);
      await closing;
      expect(await stored()).toEqual(['A', 'B']);
    },
  );

  it('tells the store of which blocks it is sure that nobody has sent them yet', async () => {
    const { openJournaled, pass, script, attempts, disk } = world({ maxRows: 1 });
    const store = script.answer;
    const unsent = () => attempts.splice(0).map(({ isUnsent }) => isUnsent);
    const writer = await openJournaled();
    await writer.write('marketData', bars(['A']));
    await writer.write('marketData', bars(['B']));
    await pass(0);
    expect(unsent()).toEqual([false, true]);
    script.answer = fails(away);
    await writer.write('marketData', bars(['C']));
    await writer.write('marketData', bars(['D']));
    await pass(0);
    script.answer = store;
    await pass(10_000);
    expect(unsent()).toEqual([true, false, true]);
    script.answer = hangs;
    await writer.write('marketData', bars(['E']));
    await turn();
    disk.crash();
    script.answer = store;
    attempts.splice(0);
    const next = await openJournaled();
    await next.write('marketData', bars(['F']));
    await pass(0);
    expect(unsent()).toEqual([false, true]);
  });

  it.each([
    ['a refused login', new ConnectionError('login', { operation, retryable: false, kind: 'LOGIN_REFUSED' })],
    ['a certificate', new ConnectionError('certificate expired', { operation, retryable: false })],
  ])('pauses delivery after %s and resumes when it is mended', async (_, refusal) => {
    const { openJournaled, pass, script, stored, attempts, events, deadLetters } = world({
      maxRows: 1,
      retry: { random: () => 0.5, maxDelayMs: 5_000 },
    });
    const store = script.answer;
    script.answer = fails(refusal);
    const writer = await openJournaled();
    for (const symbol of ['A', 'B']) await writer.write('marketData', bars([symbol]));
    await pass(4_999);
    expect(attempts).toHaveLength(1);
    await pass(5_000);
    expect(attempts).toHaveLength(2);
    expect(events).toEqual([{ type: 'delivery-paused', retryAfterMs: 5_000, error: refusal }]);
    expect(writer.progress()).toMatchObject({ journaledBlocks: 2, deliveryPausedBy: refusal.message });
    expect(await deadLetters.list()).toEqual([]);
    script.answer = store;
    await pass(5_000);
    expect(await stored()).toEqual(['A', 'B']);
    expect(events.slice(1)).toEqual([{ type: 'delivery-resumed' }]);
    expect(writer.progress()).toMatchObject({ journaledBlocks: 0, deliveryPausedBy: null });
  });

  it('resumes when the next block is refused for good', async () => {
    const { openJournaled, pass, script, events, deadLetters } = world({ maxRows: 1 });
    const login = new ConnectionError('login', { operation, retryable: false });
    const answers = [login, refused];
    const store = script.answer;
    script.answer = (block) => (answers.length > 0 ? Promise.reject(answers.shift()) : store(block));
    const writer = await openJournaled();
    await writer.write('marketData', bars(['A']));
    await pass(10_000);
    expect(events.map(({ type }) => type)).toEqual(['delivery-paused', 'dead-letter', 'delivery-resumed']);
    expect(await deadLetters.list()).toHaveLength(1);
    expect(writer.progress()).toMatchObject({ journaledBlocks: 0, deliveryPausedBy: null });
  });

  it('says at the deadline of its close why delivery is paused', async () => {
    const { openJournaled, pass, script, timers } = world({ maxRows: 1 });
    script.answer = fails(new ConnectionError('login refused', { operation, retryable: false }));
    const writer = await openJournaled();
    await writer.write('marketData', bars(['A']));
    const closing = watched(writer.close({ deadline: timers.now() + 100 }));
    await pass(100);
    expect((closing.error as Error).message).toMatch(/1 blocks wait in the journal .*login refused/);
  });

  it('delivers the blocks behind one that is refused for good', async () => {
    const { openJournaled, pass, script, stored, deadLetters } = world({ maxRows: 1 });
    const store = script.answer;
    const tooLarge = new QueryError('INSERT', 'too large', { operation, kind: 'TOO_LARGE' });
    let calls = 0;
    script.answer = (block) => (calls++ === 0 ? Promise.reject(tooLarge) : store(block));
    const writer = await openJournaled();
    for (const symbol of ['A', 'B', 'C']) await writer.write('marketData', bars([symbol]));
    await pass(0);
    expect(await stored()).toEqual(['B', 'C']);
    expect(await deadLetters.list()).toMatchObject([{ rowCount: 1, reason: { code: 'QUERY' } }]);
    expect(writer.progress()).toMatchObject({ journaledBlocks: 0 });
  });

  it('sets a journaled record aside when it is no block', async () => {
    const { openJournaled, pass, stored, disk, timers, events } = world({ maxRows: 1 });
    const journal = await openJournal({ directory: '/journal', fs: disk.fs, clock: timers });
    await journal.append('foreign', Buffer.from('not a block'));
    await journal.close();
    const writer = await openJournaled();
    await writer.write('marketData', bars(['A']));
    await pass(0);
    expect(await stored()).toEqual(['A']);
    expect(events).toMatchObject([{ type: 'record-set-aside', recordId: 'foreign' }]);
    expect(writer.progress()).toMatchObject({ journaledBlocks: 0 });
  });

  it('keeps a dead letter before the journal forgets the block', async () => {
    const { openJournaled, pass, script, deadLetters, timers } = world({ maxRows: 1 });
    script.answer = fails(refused);
    const { add } = deadLetters;
    deadLetters.add = fails(new Error('disk full'));
    const writer = await openJournaled();
    await writer.write('marketData', bars(['A']));
    await pass(1_000);
    expect(writer.progress().journaledBlocks).toBe(1);
    deadLetters.add = add;
    const closing = writer.close({ deadline: timers.now() + 60_000 });
    await pass(10_000);
    await closing;
    expect(await deadLetters.list()).toMatchObject([{ rowCount: 1 }]);
    expect(writer.progress().journaledBlocks).toBe(0);
  });

  it('closes by its deadline and says what waits in the journal', async () => {
    const { openJournaled, pass, script, timers } = world({ maxRows: 1 });
    script.answer = hangs;
    const writer = await openJournaled();
    await writer.write('marketData', bars(['A']));
    const closing = watched(writer.close({ deadline: timers.now() + 100 }));
    await pass(100);
    expect(closing.error).toMatchObject({ rowCount: 0, journaledBlocks: 1 });
    expect((closing.error as Error).message).toMatch(/1 blocks wait in the journal/);
  });

  it('waits for room on a full disk', async () => {
    const { openJournaled, pass, disk, stored, events } = world({ maxRows: 1 });
    const writer = await openJournaled();
    disk.capacity = disk.used;
    const write = watched(writer.write('marketData', bars(['A'])));
    await pass(1_000);
    expect(write).toEqual({});
    expect(events[0]).toMatchObject({ type: 'retry', error: { code: 'DISK_FULL' } });
    disk.capacity = Infinity;
    await pass(10_000);
    expect(write.value).toMatchObject({ acceptedCount: 1 });
    await turn();
    expect(await stored()).toEqual(['A']);
  });
});
