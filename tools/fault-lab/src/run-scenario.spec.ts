import { runScenario, successShare } from './run-scenario.js';

const scenario = {
  hosts: ['a'],
  readsPerSecond: 100,
  endMs: 300,
  events: [
    { atMs: 100, host: 'a', change: 'kill' },
    { atMs: 200, host: 'a', change: 'heal' },
  ],
} as const;

it('does to the hosts what the scenario says, under all loads', async () => {
  const done: string[] = [];
  let isDown = false;
  const a = {
    suffer: async (fault: string) => {
      done.push(fault);
      isDown = true;
    },
    heal: async () => {
      done.push('heal');
      isDown = false;
    },
  };
  const read = async () => {
    if (isDown) throw new Error('down');
  };
  const outcomes = await runScenario(scenario, { a }, { all: { read }, half: { share: 0.5, read } });
  expect(done).toEqual(['kill', 'heal', 'heal']);
  expect([outcomes.all.length, outcomes.half.length]).toEqual([30, 15]);
  expect(outcomes.all.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 30 }, (_, n) => n * 10));
  for (const ended of [outcomes.all, outcomes.half]) {
    expect(successShare(ended)).toBeGreaterThan(0);
    expect(successShare(ended)).toBeLessThan(1);
  }
});

it('counts the share of reads that succeeded', () => {
  const outcome = { atMs: 0, durationMs: 1 };
  expect(successShare([outcome, outcome, outcome, { ...outcome, error: new Error() }])).toBe(0.75);
});
