import { against, costOf, inCosts } from './cost.js';

it('measures wall time and the processor time of this process', async () => {
  const { ms, cpuMicros } = await costOf(async () => {
    const end = performance.now() + 20;
    while (performance.now() < end);
  });
  expect(ms).toBeGreaterThanOrEqual(20);
  expect(cpuMicros).toBeGreaterThan(0);
});

it('reports wall time and the processor time of one row', () => {
  const run = [{ ms: 4, cpuMicros: 6_000 }];
  const results = [...inCosts('a read', 1_000, { ours: run, peer: run }, 'a table')];
  expect(results.map((result) => [result.unit, result.ours!.median])).toEqual([
    ['ms', 4],
    ['ns', 6_000],
  ]);
});

it('compares the first named side with the others named', () => {
  expect(against({ a: 1, b: 2, c: 3 }, 'b', ['c'])).toEqual({ ours: 2, c: 3 });
});
