import type { CallOptions } from '@quantumtrade/dal-domain';
import { QueryError } from '@quantumtrade/dal-domain';
import { memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { replayDeadLetters } from './replay.js';
import type { RetryOptions } from '../retry.js';
import { bars, turn } from '../testing/bars.js';
import { away, fails, refused, worldOn } from '../testing/world.js';

const world = worldOn({ timeSeries: memoryTimeSeries, deadLetters: memoryDeadLetters });

/** Two dead letters, of A and of B. */
async function withLetters() {
  const all = world({ maxRows: 1 });
  const store = all.script.answer;
  all.script.answer = fails(refused);
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

it('a replay stores the rows and removes the letters', async () => {
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

it('a replay leaves what is refused again, and tells of what is not there', async () => {
  const { ids, replay, script, deadLetters } = await withLetters();
  script.answer = fails(refused);
  expect(await replay([ids[0]!, 'none'])).toEqual([
    { id: ids[0], outcome: 'refused', reason: refused.message },
    { id: 'none', outcome: 'missing' },
  ]);
  expect(await deadLetters.list()).toHaveLength(2);
});

it('a replay goes on after a letter that is damaged', async () => {
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

it('a replay ends where the store is away, and keeps all letters', async () => {
  const { ids, replay, script, deadLetters } = await withLetters();
  script.answer = fails(away);
  await expect(replay(ids)).rejects.toBe(away);
  expect(await deadLetters.list()).toHaveLength(2);
});

it('a replay repeats an attempt as often as the retry options allow', async () => {
  const { ids, replay, script, deadLetters, attempts } = await withLetters();
  const retry = { maxAttempts: 3, initialDelayMs: 0 };
  const store = script.answer;
  script.answer = fails(away);
  attempts.splice(0);
  await expect(replay(ids, {}, retry)).rejects.toBe(away);
  expect(attempts).toHaveLength(3);
  const answers = [away, away];
  script.answer = (block) => (answers.length > 0 ? Promise.reject(answers.shift()) : store(block));
  expect(await replay(ids, {}, retry)).toEqual(
    ids.map((id) => ({ id, outcome: 'stored', supersededCount: 0 })),
  );
  expect(await deadLetters.list()).toEqual([]);
});

it('a replay ends at its deadline while it waits between attempts', async () => {
  const { ids, replay, script } = await withLetters();
  script.answer = fails(away);
  const retry = { maxAttempts: 3, initialDelayMs: 3_600_000, maxDelayMs: 3_600_000 };
  await expect(replay(ids, { deadline: Date.now() + 20 }, retry)).rejects.toMatchObject({ code: 'TIMEOUT' });
});
