import type { CallOptions } from '@quantumtrade/dal-domain';
import { QueryError } from '@quantumtrade/dal-domain';
import { turn } from '@quantumtrade/dal-testing';
import { bars } from '@quantumtrade/dal-testing/records';
import { replayDeadLetters } from './replay.js';
import type { RetryOptions } from '../retry.js';
import { failsWith, refused, unavailable } from '../testing/answers.js';
import { writerHarness } from '../testing/writer-harness.js';

/** Returns a harness with two dead letters, of A and of B. */
async function withLetters() {
  const all = writerHarness({ maxRows: 1 });
  const store = all.script.answer;
  all.script.answer = failsWith(refused);
  const writer = all.open();
  for (const symbol of ['A', 'B']) await writer.write('marketData', bars([symbol])).catch(() => undefined);
  await turn();
  all.script.answer = store;
  const ids = (await all.deadLetters.list()).map(({ id }) => id);
  const blocks = all.blocks;
  return {
    ...all,
    ids,
    replay: (which: readonly string[], options?: CallOptions, retry?: RetryOptions) =>
      replayDeadLetters(all.deadLetters, blocks, which, options, retry),
  };
}

it('replay stores the rows and removes the letters', async () => {
  const { ids, replay, stored, deadLetters } = await withLetters();
  expect(await replay(ids)).toEqual(ids.map((id) => ({ id, outcome: 'stored', supersededCount: 0 })));
  expect(await stored()).toEqual(['A', 'B']);
  expect(await deadLetters.list()).toEqual([]);
});

it('replay counts the rows that lost to a newer version', async () => {
  const { ids, replay, timeSeries } = await withLetters();
  await timeSeries.marketData.insert(bars(['A']));
  expect((await replay(ids)).map(({ supersededCount }) => supersededCount)).toEqual([1, 0]);
});

it('replay keeps a letter that is refused again and reports missing ones', async () => {
  const { ids, replay, script, deadLetters } = await withLetters();
  script.answer = failsWith(refused);
  expect(await replay([ids[0]!, 'none'])).toEqual([
    { id: ids[0], outcome: 'refused', reason: refused.message },
    { id: 'none', outcome: 'missing' },
  ]);
  expect(await deadLetters.list()).toHaveLength(2);
});

it('replay continues after a damaged letter', async () => {
  const { ids, replay, deadLetters, stored } = await withLetters();
  const get = deadLetters.get.bind(deadLetters);
  const damaged = new QueryError('dead letters', 'x.letter cannot be read', {
    operation: 'deadLetters.read',
  });
  deadLetters.get = (id) => (id === ids[0] ? Promise.reject(damaged) : get(id));
  expect(await replay(ids)).toEqual([
    { id: ids[0], outcome: 'damaged', reason: damaged.message },
    { id: ids[1], outcome: 'stored', supersededCount: 0 },
  ]);
  expect(await stored()).toEqual(['B']);
});

it('replay rejects during an outage and keeps all letters', async () => {
  const { ids, replay, script, deadLetters } = await withLetters();
  script.answer = failsWith(unavailable);
  await expect(replay(ids)).rejects.toBe(unavailable);
  expect(await deadLetters.list()).toHaveLength(2);
});

it('replay repeats an attempt as often as the retry options allow', async () => {
  const { ids, replay, script, deadLetters, attempts } = await withLetters();
  const retry = { maxAttempts: 3, initialDelayMs: 0 };
  const store = script.answer;
  script.answer = failsWith(unavailable);
  attempts.splice(0);
  await expect(replay(ids, {}, retry)).rejects.toBe(unavailable);
  expect(attempts).toHaveLength(3);
  const answers = [unavailable, unavailable];
  script.answer = (block) => (answers.length > 0 ? Promise.reject(answers.shift()) : store(block));
  expect(await replay(ids, {}, retry)).toEqual(
    ids.map((id) => ({ id, outcome: 'stored', supersededCount: 0 })),
  );
  expect(await deadLetters.list()).toEqual([]);
});

it('replay rejects at its deadline between two attempts', async () => {
  const { ids, replay, script } = await withLetters();
  script.answer = failsWith(unavailable);
  const retry = { maxAttempts: 3, initialDelayMs: 3_600_000, maxDelayMs: 3_600_000 };
  await expect(replay(ids, { deadline: Date.now() + 20 }, retry)).rejects.toMatchObject({ code: 'TIMEOUT' });
});
