import { describe, expect, it } from '@jest/globals';
import { ManualClock } from './manual-clock.js';
import { memoryTimeSeries } from './time-series.js';

const DAY = 86_400_000;

const bar = (symbol: string, timestamp: number, close: number) => ({
  symbol,
  timestamp,
  open: 1,
  high: 1,
  low: 1,
  close,
  volume: 1,
  adjustedClose: 1,
  qualityScore: 0,
});

describe('memoryTimeSeries', () => {
  it('takes the time of a batch from its clock', async () => {
    const clock = new ManualClock(2 * DAY);
    const { marketData } = memoryTimeSeries({ clock });
    const write = (close: number) => marketData.insert({ records: [bar('A', 0, close)], source: 'x' });
    const close = async () => (await marketData.find({ symbol: 'A' })).data[0]?.close;
    await write(1);
    clock.advance(-DAY);
    await write(2);
    expect(await close()).toBe(1);
    clock.advance(DAY);
    await write(3);
    expect(await close()).toBe(3);
  });

  it('keeps nothing in common with another store', async () => {
    const [one, other] = [memoryTimeSeries(), memoryTimeSeries()];
    await one.marketData.insert({ records: [bar('A', 0, 1)], source: 'x' });
    expect((await other.marketData.find({})).totalCount).toBe(0);
  });
});
