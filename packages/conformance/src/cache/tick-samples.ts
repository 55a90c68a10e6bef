import type { MarketStreamItem } from '@quantumtrade/dal-domain';
import { OLDEST_TICK } from '@quantumtrade/dal-domain';
import { tickSample } from './samples.js';

export const ticks = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => tickSample('AAPL', first + i));

/** Options of a subscription from the oldest tick of AAPL on. */
export const fromOldest = { after: { AAPL: OLDEST_TICK } };

export type Items = AsyncIterator<MarketStreamItem>;
export const iterate = (items: AsyncIterable<MarketStreamItem>): Items => items[Symbol.asyncIterator]();

export async function take(items: Items, count: number): Promise<MarketStreamItem[]> {
  const taken: MarketStreamItem[] = [];
  while (taken.length < count) taken.push((await items.next()).value as MarketStreamItem);
  return taken;
}

/** Returns the seconds of ticks, and `gap` for each gap. */
export const secondsOf = (items: readonly MarketStreamItem[]): (number | 'gap')[] =>
  items.map((item) =>
    item.kind === 'gap' ? 'gap' : (Number(item.tick.timestamp) - Number(tickSample('AAPL').timestamp)) / 1000,
  );

/** Waits until a call waits for ticks. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

export const numbersFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => first + i);
