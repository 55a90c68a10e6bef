import type { AggregationParams, MarketDataInput, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';
import { batchOfRows, caseOf } from './record-cases.js';
import { uniqueDay, uniqueName } from './subject.js';

const marketDataCase = caseOf('marketData');
const strategyPerformanceCase = caseOf('strategyPerformance');

/** Tests minimum, maximum and mean of any measure. */
export function meanTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const aggregate = async (params: AggregationParams) => (await backend().analytics.aggregate(params)).data;
  const exactly = async (params: AggregationParams) =>
    (await backend().analytics.aggregate(params, { exact: true })).data;
  const bars = async (rows: readonly Partial<MarketDataInput>[]) => {
    const symbol = uniqueName();
    const day = uniqueDay();
    const records = rows.map(
      (row, n) => ({ ...marketDataCase.row(symbol, day, n), ...row }) as MarketDataInput,
    );
    await backend().marketData.insert({ records, source: 'vendor' });
    return symbol;
  };

  it('rounds means of decimals half to even', async () => {
    const means = [
      { closes: ['0.00000001', '0.00000002'], mean: '0.00000002' },
      { closes: ['0.00000002', '0.00000003'], mean: '0.00000002' },
      { closes: ['-0.00000001', '-0.00000002'], mean: '-0.00000002' },
      { closes: ['0', '0.00000001'], mean: '0' },
      { closes: ['1', '1', '2'], mean: '1.33333333' },
      { closes: ['9999999999.99999999', '9999999999.99999998'], mean: '9999999999.99999998' },
    ];
    for (const { closes, mean } of means) {
      const symbol = await bars(closes.map((close) => ({ close })));
      expect((await exactly({ symbol }))[0]).toMatchObject({ count: closes.length, avg: mean });
    }
  });

  it('averages large volumes exactly', async () => {
    const symbol = await bars([{ volume: 2n ** 53n + 1n }]);
    const wanted = '9007199254740993';
    expect(await exactly({ symbol, measure: 'volume' })).toMatchObject([
      { min: wanted, max: wanted, avg: wanted },
    ]);
    const fractions = await bars([{ volume: '0.00000001' }, { volume: 2n ** 80n }]);
    expect(await exactly({ symbol: fractions, measure: 'volume' })).toMatchObject([
      { avg: '604462909807314587353088' },
    ]);
  });

  it('averages whole numbers as exact decimals or the nearest number', async () => {
    const symbol = await bars([{ qualityScore: 1 }, { qualityScore: 1 }, { qualityScore: 255 }]);
    expect((await exactly({ symbol, measure: 'qualityScore' }))[0]).toMatchObject({
      min: 1,
      avg: '85.66666667',
    });
    expect((await aggregate({ symbol, measure: 'qualityScore' }))[0]).toMatchObject({
      max: 255,
      avg: 257 / 3,
    });
  });

  it('averages floats whose sum overflows', async () => {
    const symbol = uniqueName();
    const timestamp = uniqueDay();
    const greatest = Number.MAX_VALUE;
    const means: [number[], number][] = [
      [[greatest, greatest, greatest], greatest],
      [[-greatest, -greatest], -greatest],
      [[2 ** 1023, 2 ** 1023, -(2 ** 1023), -(2 ** 1023)], 0],
    ];
    for (const [version, [values, mean]] of means.entries()) {
      const features = Object.fromEntries(values.map((value, n) => [`f${n}`, value]));
      await backend().features.insert([{ symbol, timestamp, version, features }]);
      const [bucket] = await aggregate({
        record: 'features',
        symbol,
        filters: { featureVersion: String(version) },
      });
      expect(bucket!.avg).toBe(mean);
    }
  });

  it('ignores rows without a value in aggregates', async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const row = (n: number, winRate: number | null) => ({
      ...strategyPerformanceCase.row(scope, day, n),
      winRate,
    });
    const insert = (rows: readonly unknown[]) =>
      strategyPerformanceCase.insert(backend(), batchOfRows(strategyPerformanceCase, rows));
    const params: AggregationParams = {
      record: 'strategyPerformance',
      measure: 'winRate',
      filters: { strategyName: scope },
    };
    await insert([row(0, null), row(1, null)]);
    for (const read of [aggregate, exactly]) {
      expect(await read(params)).toMatchObject([{ count: 2, min: null, max: null, avg: null }]);
    }
    await insert([row(2, 0.25), row(3, 0.75)]);
    expect(await aggregate(params)).toMatchObject([{ count: 4, min: 0.25, max: 0.75, avg: 0.5 }]);
  });
}
