import type { AggregationParams, MarketDataInput, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { caseOf } from './record-cases.js';
import { DAY, uniqueDay, uniqueName } from './subject.js';

const marketDataCase = caseOf('marketData');

/** Tests aggregates of a symbol with bars of several sources. */
export function sourceTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const write = (symbol: string, source: string, timestamps: readonly number[]) =>
    backend().marketData.insert({
      source,
      records: timestamps.map((timestamp) => ({
        ...(marketDataCase.row(symbol, timestamp) as unknown as MarketDataInput),
        volume: 250,
      })),
    });
  const aggregate = async (params: AggregationParams) =>
    (await backend().analytics.aggregate(params)).data.map(({ group, count, bar }) => [
      group.source ?? group.symbol,
      count,
      bar?.volume,
    ]);
  const refused = { code: 'VALIDATION', field: 'sources' };

  it('refuses to aggregate overlapping sources unless they are combined', async () => {
    const symbol = uniqueName();
    const day = uniqueDay();
    await write(symbol, 'a', [day, day + 1]);
    await write(symbol, 'b', [day + 1, day + DAY]);
    expect(await summaryOfRejection(() => aggregate({ symbol }))).toEqual(refused);
    expect(await summaryOfRejection(() => aggregate({ symbol, interval: '1d' }))).toEqual(refused);
    expect(await summaryOfRejection(() => aggregate({ symbol, groupBy: [] }))).toEqual(refused);
    expect(await aggregate({ symbol, filters: { source: 'b' } })).toEqual([[symbol, 2, 500]]);
    expect(await aggregate({ symbol, groupBy: ['source'] })).toEqual([
      ['a', 2, 500],
      ['b', 2, 500],
    ]);
    expect(await aggregate({ symbol, sources: 'combine' })).toEqual([[symbol, 4, 1_000]]);
    const message = await aggregate({ symbol }).then(String, String);
    expect(/filters\.source, groupBy: \['source'\], or sources: 'combine'/.test(message)).toBe(true);
  });

  it('aggregates sources that cover different instants', async () => {
    const [first, second] = [uniqueName(), uniqueName()];
    const day = uniqueDay();
    await write(first, 'a', [day, day + 1]);
    await write(first, 'b', [day + 2]);
    await write(second, 'b', [day]);
    const range = { startTime: day, endTime: day + DAY };
    expect(await aggregate({ symbol: first, interval: '1d' })).toEqual([[first, 3, 750]]);
    expect(await aggregate({ ...range, groupBy: [] })).toEqual([[undefined, 4, 1_000]]);
  });
}
