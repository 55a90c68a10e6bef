import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { aggregationsOf } from './aggregations.js';
import { answer, DAY, uniqueDay, uniqueName } from './subject.js';

/** Tests the bars in aggregates of market data. */
export function barTests({ it, expect }: TestRunner, backend: () => TimeSeriesBackend): void {
  const { bar, write, aggregate, exactly } = aggregationsOf(backend);

  it('aggregates bars into open, high, low, close, volume and weighted price', async () => {
    const symbol = uniqueName();
    const day = uniqueDay();
    await write([
      bar(symbol, day + 2, { open: 11, high: 12.5, low: 10.5, close: 12, volume: 30 }),
      bar(symbol, day, { open: 10, high: 12, low: 9, close: 11, volume: 10 }),
      bar(symbol, day + DAY, { open: 12, high: 13, low: 11, close: 11.5, volume: 5 }),
    ]);
    const result = await backend().analytics.aggregate({ symbol, interval: '1d' });
    expect(answer(result)).toEqual({
      data: [
        {
          intervalStart: new Date(day),
          group: { symbol },
          count: 2,
          min: 11,
          max: 12,
          avg: 11.5,
          bar: { open: 10, high: 12.5, low: 9, close: 12, volume: 40, vwap: 11.41666667 },
        },
        {
          intervalStart: new Date(day + DAY),
          group: { symbol },
          count: 1,
          min: 11.5,
          max: 11.5,
          avg: 11.5,
          bar: { open: 12, high: 13, low: 11, close: 11.5, volume: 5, vwap: 11.83333333 },
        },
      ],
      totalCount: 2,
      cacheHit: false,
    });
  });

  it('orders rows of a bucket by timestamp, then key', async () => {
    const day = uniqueDay();
    const symbol = uniqueName();
    await write([bar(symbol, day, { open: 3, close: 3 }), bar(symbol, day + 1, { open: 4, close: 4 })], 'b');
    await write([bar(symbol, day, { open: 1, close: 1 }), bar(symbol, day + 1, { open: 2, close: 2 })], 'a');
    const combined = await aggregate({ symbol, sources: 'combine' });
    expect(combined[0]?.bar).toMatchObject({ open: 1, close: 4 });
    const first = uniqueName('A');
    const last = uniqueName('b');
    const start = uniqueDay();
    await write([bar(last, start, { open: 8, close: 8 })], 'a');
    await write([bar(first, start, { open: 9, close: 9 })], 'z');
    const [together] = await aggregate({ startTime: start, endTime: start + DAY, groupBy: [] });
    expect(together).toMatchObject({ group: {}, count: 2, bar: { open: 9, close: 8 } });
  });

  it('returns no weighted price when nothing was traded', async () => {
    const symbol = uniqueName();
    const day = uniqueDay();
    await write([bar(symbol, day, { volume: 0 }), bar(symbol, day + 1, { volume: 0 })]);
    expect((await aggregate({ symbol }))[0]?.bar).toMatchObject({ volume: 0, vwap: null });
    expect((await exactly({ symbol }))[0]?.bar).toMatchObject({ volume: '0', vwap: null });
  });

  it('rounds weighted prices half to even', async () => {
    const symbol = uniqueName();
    const flat = (price: string) => ({ open: price, high: price, low: price, close: price, volume: 1 });
    const day = uniqueDay();
    await write([bar(symbol, day, flat('0.00000001')), bar(symbol, day + 1, flat('0.00000002'))]);
    expect((await exactly({ symbol }))[0]?.bar?.vwap).toBe('0.00000002');
  });

  it('sums decimals of 18 and 38 digits exactly', async () => {
    const symbol = uniqueName();
    const day = uniqueDay();
    const top = '9999999999.99999999';
    const huge = { open: top, high: top, low: top, close: top, volume: `${'9'.repeat(30)}.99999999` };
    await write([0, 1, 2].map((n) => bar(symbol, day + n, huge)));
    expect(await exactly({ symbol, measure: 'volume' })).toEqual([
      {
        intervalStart: null,
        group: { symbol },
        count: 3,
        min: huge.volume,
        max: huge.volume,
        avg: huge.volume,
        bar: {
          open: top,
          high: top,
          low: top,
          close: top,
          volume: `2${'9'.repeat(30)}.99999997`,
          vwap: top,
        },
      },
    ]);
    expect(await summaryOfRejection(() => aggregate({ symbol }))).toEqual({ code: 'QUERY' });
  });
}
