import { ConnectionError } from '@quantumtrade/dal-domain';
import { turn } from '@quantumtrade/dal-testing';
import { bars, MONTH_MS } from '@quantumtrade/dal-testing/records';
import { failsWith, hangs, operation, refused, unavailable } from '../testing/answers.js';
import { watch, writerHarness } from '../testing/writer-harness.js';

it('write sends the same block again after growing random delays', async () => {
  const retry = { initialDelayMs: 100, maxDelayMs: 300, random: () => 0.5 };
  const { open, advance, attempts, script, clock } = writerHarness({ maxRows: 1, retry });
  const store = script.answer;
  const times: number[] = [];
  script.answer = (block) => {
    times.push(clock.now());
    return times.length < 5 ? Promise.reject(unavailable) : store(block);
  };
  const write = watch(open().write('marketData', bars(['A'])));
  for (let steps = 0; steps < 10; steps++) await advance(50);
  expect(times.slice(1).map((time, i) => time - times[i]!)).toEqual([50, 100, 150, 150]);
  expect(write.value).toMatchObject({ acceptedCount: 1 });
  expect(new Set(attempts).size).toBe(1);
});

it('write rejects with the dead letter of a refused block', async () => {
  const { open, advance, script, deadLetters, clock, attempts } = writerHarness();
  script.answer = failsWith(refused);
  const writer = open();
  const writes = [writer.write('marketData', bars(['A'])), writer.write('marketData', bars(['B', 'C']))];
  const [first, second] = writes.map(watch);
  await advance(50);
  expect(first!.error).toMatchObject({ code: 'QUERY', retryable: false, cause: refused });
  expect(first!.error).toBe(second!.error);
  const [letter] = await deadLetters.list();
  expect((first!.error as Error).message).toContain(
    `no such column; its 3 rows are kept as dead letter ${letter!.id}`,
  );
  expect(letter).toMatchObject({
    rowCount: 3,
    reason: { code: 'QUERY', message: refused.message },
    at: clock.now(),
  });
  expect(attempts).toHaveLength(1);
});

it('write rejects with the loss when another block became a dead letter', async () => {
  const { open, script } = writerHarness({ maxRows: 1 });
  const login = new ConnectionError('login', { operation, retryable: false });
  const answers = [refused, login];
  script.answer = () => Promise.reject(answers.shift());
  let month = 0;
  const batch = bars(['A', 'B'], () => month++ * MONTH_MS);
  await expect(open().write('marketData', batch)).rejects.toBe(login);
});

it('write reports a dead letter that could not be kept', async () => {
  const { open, script, deadLetters } = writerHarness({ maxRows: 1 });
  script.answer = failsWith(refused);
  deadLetters.add = failsWith(new Error('disk full'));
  await expect(open().write('marketData', bars(['A']))).rejects.toThrow(
    /could not be kept as a dead letter either \(disk full\)/,
  );
});

it.each([
  ['acknowledged', 3],
  ['journaled', 5],
] as const)('an %s writer sends a block %i times when maxAttempts is 3', async (durability, times) => {
  const { open, openJournaled, advance, attempts, script } = writerHarness({
    maxRows: 1,
    retry: { maxAttempts: 3, initialDelayMs: 10, backoffMultiplier: 1, random: () => 0.5 },
  });
  script.answer = failsWith(unavailable);
  const writer = durability === 'journaled' ? await openJournaled() : open();
  const write = watch(writer.write('marketData', bars(['A'])));
  for (let i = 0; i < 4; i++) await advance(5);
  expect(attempts).toHaveLength(times);
  if (durability === 'acknowledged') expect(write.error).toBe(unavailable);
  else expect(write.value).toMatchObject({ acceptedCount: 1 });
});

it('write adds no dead letter when the login is refused', async () => {
  const { open, script, deadLetters } = writerHarness({ maxRows: 1 });
  const login = new ConnectionError('login', { operation, retryable: false });
  script.answer = failsWith(login);
  await expect(open().write('marketData', bars(['A']))).rejects.toBe(login);
  expect(await deadLetters.list()).toEqual([]);
});

it('write repeats a block until its last caller gives up', async () => {
  const { open, advance, attempts, script, clock } = writerHarness({ maxAgeMs: 0 });
  script.answer = failsWith(unavailable);
  const writer = open();
  const giveUp = new AbortController();
  const impatient = watch(writer.write('marketData', bars(['A']), { deadline: clock.now() + 100 }));
  const patient = watch(writer.write('marketData', bars(['B']), { signal: giveUp.signal }));
  await advance(0);
  await advance(100);
  expect(impatient.error).toMatchObject({ code: 'TIMEOUT' });
  const before = attempts.length;
  await advance(1_000);
  expect(attempts.length).toBeGreaterThan(before);
  giveUp.abort(new Error('enough'));
  await turn();
  expect(patient.error).toMatchObject({ message: 'enough' });
  const last = attempts.length;
  await advance(60_000);
  expect(attempts).toHaveLength(last);
  expect(writer.progress().pendingBytes).toBe(0);
});

it('write rejects at its deadline when the store never answers', async () => {
  const { open, advance, script, clock } = writerHarness({ maxRows: 1 });
  script.answer = hangs;
  const writer = open();
  const write = watch(writer.write('marketData', bars(['A']), { deadline: clock.now() + 10 }));
  await advance(10);
  expect(write.error).toMatchObject({ code: 'TIMEOUT' });
  await writer.close();
});
