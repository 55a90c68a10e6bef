import type { MarketData, MarketStreamItem } from '@quantumtrade/dal-domain';
import { buildOutput } from '@quantumtrade/dal-testing/records';

/** Creates a tick whose volume is its number. */
export const numberedTick = (number: number, symbol = 'AAPL'): MarketData<true> =>
  buildOutput('marketData', { symbol, timestamp: new Date(number), volume: String(number) });

export const consecutive = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => first + i);

export const numberedTicks = (first: number, count: number) =>
  consecutive(first, count).map((number) => numberedTick(number));

/** Returns the numbers of ticks, and 'gap' for gaps. */
export const numbersOf = (items: readonly MarketStreamItem[]): (number | 'gap')[] =>
  items.map((item) => (item.kind === 'gap' ? 'gap' : Number(item.tick.volume)));
