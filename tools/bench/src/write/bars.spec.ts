import { barSymbols, benchBars } from './bars.js';

it('names symbols in the order of their numbers', () => {
  const symbols = barSymbols(1_001);
  expect([symbols[0], symbols[1_000]]).toEqual(['SYM0000', 'SYM1000']);
  expect([...symbols].sort()).toEqual(symbols);
});

it('makes the bars of all symbols instant by instant', () => {
  const series = { symbols: ['A', 'B'], startMs: 1_000, stepMs: 60_000 };
  const source = benchBars(3, series);
  const bars = [source.next().value, source.next().value].flat();
  expect(bars.map(({ symbol, timestamp }) => [symbol, timestamp])).toEqual([
    ['A', 1_000],
    ['B', 1_000],
    ['A', 61_000],
    ['B', 61_000],
    ['A', 121_000],
    ['B', 121_000],
  ]);
});
