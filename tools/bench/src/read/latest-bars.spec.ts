import type { MarketData } from '@quantumtrade/dal-domain';
import { requireLatest } from './latest-bars.js';

const bar = { symbol: 'SYM1', timestamp: new Date(5) } as MarketData;

it.each([
  ['no bar', [], 'SYM1', 5],
  ['two bars', [bar, bar], 'SYM1', 5],
  ['the bar of another symbol', [bar], 'SYM2', 5],
  ['an older bar', [bar], 'SYM1', 6],
])('fails when a lookup returns %s', (_, rows, symbol, instant) => {
  expect(() => requireLatest(rows, symbol, instant)).toThrow(/are there|is not the latest of/);
});

it('accepts the latest bar of the symbol', () => {
  expect(() => requireLatest([bar], 'SYM1', 5)).not.toThrow();
});
