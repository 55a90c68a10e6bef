import { describe, expect, it } from '@jest/globals';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { memoryTimeSeries } from './time-series.js';

const DAY = 86_400_000;

const bar = (symbol: string, timestamp: number, close: number) =>
  buildRow('marketData', { symbol, timestamp, close });

describe('memoryTimeSeries', () => {
  it('takes the time of a batch without one from its clock', async () => {
    const clock = new ManualClock(2 * DAY);
    const { marketData } = memoryTimeSeries({ clock, maxFutureSkewMs: DAY });
    const write = (close: number, timestamp?: number) =>
      marketData.insert({ records: [bar('A', 0, close)], source: 'x', ...(timestamp && { timestamp }) });
    const close = async () => (await marketData.find({ symbol: 'A' })).data[0]?.close;
    await write(1);
    await write(2, 2 * DAY - 1);
    expect(await close()).toBe(1);
    await write(3, 2 * DAY + 1);
    expect(await close()).toBe(3);
    clock.advance(1);
    await expect(write(4, 3 * DAY + 2)).rejects.toMatchObject({ code: 'VALIDATION', field: 'timestamp' });
  });

  it('keeps nothing in common with another store', async () => {
    const [one, other] = [memoryTimeSeries(), memoryTimeSeries()];
    await one.marketData.insert({ records: [bar('A', 0, 1)], source: 'x' });
    expect((await other.marketData.find({})).totalCount).toBe(0);
  });
});
