import { memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { replayDeadLetters } from './replay.js';
import { bars, turn } from './testing/bars.js';
import { away, fails, refused, worldOn } from './testing/world.js';

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
    replay: (which: readonly string[]) => replayDeadLetters(all.deadLetters, blocks, which),
  };
}

it('a replay stores the rows and removes the letters', async () => {
  const { ids, replay, stored, deadLetters } = await withLetters();
  expect(await replay(ids)).toEqual(ids.map((id) => ({ id, outcome: 'stored' })));
  expect(await stored()).toEqual(['A', 'B']);
  expect(await deadLetters.list()).toEqual([]);
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

it('a replay ends where the store is away, and keeps all letters', async () => {
  const { ids, replay, script, deadLetters } = await withLetters();
  script.answer = fails(away);
  await expect(replay(ids)).rejects.toBe(away);
  expect(await deadLetters.list()).toHaveLength(2);
});
