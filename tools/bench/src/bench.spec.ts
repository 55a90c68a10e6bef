import { compared, measuredOnce, pairedRounds, percentile, spread } from './bench.js';
import { inWords } from './report.js';

const TITLE = { case: 'a case', unit: 'ms' };

it('spreads figures over min, median and max', () => {
  expect(spread([5, 1, 3])).toEqual({ min: 1, median: 3, max: 5 });
  expect(spread([4, 1, 2, 10])).toEqual({ min: 1, median: 3, max: 10 });
  expect(spread([7])).toEqual({ min: 7, median: 7, max: 7 });
});

it('measures the sides in turn and drops the first round', async () => {
  const order: string[] = [];
  const side = (name: string, figures: number[]) => () => {
    order.push(name);
    return Promise.resolve(figures.shift()!);
  };
  const result = await pairedRounds(TITLE, 2, {
    ours: side('ours', [99, 1, 2]),
    peer: side('peer', [99, 3, 5]),
  });
  expect(order).toEqual(['ours', 'peer', 'peer', 'ours', 'ours', 'peer']);
  expect(result).toEqual({
    ...TITLE,
    ours: { min: 1, median: 1.5, max: 2 },
    peers: { peer: { min: 3, median: 4, max: 5 } },
    ratios: { peer: { min: 1 / 3, median: (1 / 3 + 2 / 5) / 2, max: 2 / 5 } },
  });
});

it('compares nothing with a figure of 0', () => {
  const result = compared(TITLE, { ours: [1, 2], none: [0, 1], some: [4, 4] });
  expect(result.ratios).toEqual({ some: { min: 0.25, median: 0.375, max: 0.5 } });
});

it('takes percentiles by nearest rank, in any order', () => {
  const figures = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect([0, 0.5, 0.95, 0.99, 1].map((share) => percentile(figures, share))).toEqual([1, 50, 95, 99, 100]);
  expect(percentile([7, 3, 5], 0.5)).toBe(5);
});

it('measures each side once', async () => {
  const result = await measuredOnce(TITLE, {
    ours: () => Promise.resolve(2),
    peer: () => Promise.resolve(1),
  });
  expect(inWords(result)).toBe('a case (ms)\n  ours  2\n  peer  1');
});

it('prints ratios by peer and notes of absent sides', () => {
  const words = inWords({
    ...TITLE,
    ours: { min: 1.24, median: 2, max: 1234.5 },
    peers: { peer: null, other: { min: 4, median: 4, max: 4 } },
    ratios: { other: { min: 0.31, median: 0.5, max: 308.625 } },
    note: 'refused',
  });
  expect(words.split('\n')).toEqual([
    'a case (ms)',
    '  ours   min 1.2, median 2, max 1,234.5',
    '  peer   not possible',
    '  other  4; ours / this: min 0.31, median 0.5, max 308.63',
    '  refused',
  ]);
});
