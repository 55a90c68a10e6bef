import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';
import { aggregationsOf } from './aggregations.js';
import { DAY, uniqueDay, uniqueName } from './subject.js';

/** Tests the count of bars that were written after a later bar. */
export function lateBarTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const aggregations = aggregationsOf(backend);
  const write = (symbol: string, source: string, timestamps: readonly number[]) =>
    aggregations.write(
      timestamps.map((timestamp) => aggregations.bar(symbol, timestamp)),
      source,
    );

  it('counts bars that were written after a later one', async () => {
    const [symbol, other] = [uniqueName(), uniqueName()].sort();
    const day = uniqueDay();
    await write(symbol!, 'a', [day + 3, day, day + 1]);
    await write(symbol!, 'a', [day + 2, day + 5]);
    await write(symbol!, 'a', [day + 4]);
    await write(symbol!, 'b', [day + 1]);
    await write(other!, 'a', [day]);
    const lateBars = (params: object) => backend().analytics.lateBars(params);
    const range = { startTime: day, endTime: day + DAY };
    const ofA = { symbol: symbol!, source: 'a' };
    const ofOther = { symbol: other!, source: 'a', bars: 1, lateBars: 0 };
    expect(await lateBars(range)).toEqual([
      { ...ofA, bars: 6, lateBars: 2 },
      { symbol: symbol!, source: 'b', bars: 1, lateBars: 0 },
      ofOther,
    ]);
    expect(await lateBars({ symbol, filters: { source: 'a' }, endTime: day + 5 })).toEqual([
      { ...ofA, bars: 5, lateBars: 1 },
    ]);
    expect(await lateBars({ symbols: [other!], ...range })).toEqual([ofOther]);
    expect(await lateBars({ symbol: uniqueName() })).toEqual([]);
  });

  it('counts a corrected bar as written when it was corrected', async () => {
    const symbol = uniqueName();
    const day = uniqueDay();
    await write(symbol, 'a', [day, day + 1]);
    await write(symbol, 'a', [day + 2]);
    const lateBars = async () => (await backend().analytics.lateBars({ symbol }))[0]!.lateBars;
    expect(await lateBars()).toBe(0);
    await write(symbol, 'a', [day]);
    expect(await lateBars()).toBe(1);
    await write(symbol, 'a', [day + 1, day + 2]);
    expect(await lateBars()).toBe(0);
  });
}
