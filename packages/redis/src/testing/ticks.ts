import type { MarketData, MarketStreamItem } from '@quantumtrade/dal-domain';

/** Creates a tick whose volume is its number. */
export const numberedTick = (number: number, symbol = 'AAPL'): MarketData<true> => ({
  symbol,
  timestamp: new Date(number),
  open: '1',
  high: '1',
  low: '1',
  close: '1',
  volume: String(number),
  adjustedClose: '1',
  source: 'test',
  qualityScore: 1,
});

export const consecutive = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => first + i);

export const numberedTicks = (first: number, count: number) =>
  consecutive(first, count).map((number) => numberedTick(number));

/** Returns the numbers of ticks, and 'gap' for gaps. */
export const numbersOf = (items: readonly MarketStreamItem[]): (number | 'gap')[] =>
  items.map((item) => (item.kind === 'gap' ? 'gap' : Number(item.tick.volume)));
