import { runAtRate } from './at-rate.js';

it.each([false, true])('makes each call once, when it is due (exact: %s)', async (isExact) => {
  const numbers: number[] = [];
  const calls = await runAtRate({ perSecond: 1_000, forMs: 50, isExact }, async (n) => {
    numbers.push(n);
    if (n === 7) throw new Error('refused');
  });
  const counted = Array.from({ length: 50 }, (_, n) => n);
  expect(numbers).toEqual(counted);
  expect(calls.map(({ atMs }) => atMs)).toEqual(counted);
  expect(calls.flatMap(({ error }, n) => (error === undefined ? [] : n))).toEqual([7]);
  for (const { durationMs } of calls) expect(durationMs).toBeGreaterThanOrEqual(0);
});

it('begins calls before earlier ones have ended', async () => {
  let endAll = () => {};
  const ended = new Promise<void>((resolve) => (endAll = resolve));
  const calls = await runAtRate({ perSecond: 1_000, forMs: 20 }, async (n) => {
    if (n === 19) endAll();
    return ended;
  });
  expect(calls).toHaveLength(20);
});
