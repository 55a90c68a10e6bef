import { runScenario, successShare } from './run-scenario.js';

const scenario = {
  hosts: ['a'],
  redis: [],
  perSecond: { read: 100, write: 50 },
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
  const call = async () => {
    if (isDown) throw new Error('down');
  };
  const loads = { all: { call }, half: { share: 0.5, call }, writes: { kind: 'write', call } } as const;
  const outcomes = await runScenario(scenario, { a }, loads);
  expect(done).toEqual(['kill', 'heal', 'heal']);
  expect([outcomes.all, outcomes.half, outcomes.writes].map(({ length }) => length)).toEqual([30, 15, 15]);
  expect(outcomes.all.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 30 }, (_, n) => n * 10));
  for (const ended of [outcomes.all, outcomes.half]) {
    expect(successShare(ended)).toBeGreaterThan(0);
    expect(successShare(ended)).toBeLessThan(1);
  }
});

it('refuses a load of which the scenario says no rate', async () => {
  const loads = { requests: { kind: 'consume', call: async () => undefined } } as const;
  await expect(runScenario(scenario, {}, loads)).rejects.toThrow('no statement for requests: consume');
});

it('counts the share of reads that succeeded', () => {
  const outcome = { atMs: 0, durationMs: 1 };
  expect(successShare([outcome, outcome, outcome, { ...outcome, error: new Error() }])).toBe(0.75);
});
