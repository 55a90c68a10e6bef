import type {
  AggregationParams,
  Field,
  GroupField,
  MeasureOf,
  RecordName,
  TimeSeriesBackend,
} from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';
import { aggregationsOf } from './aggregations.js';
import { batchOfRows, caseOf, recordCases, stored } from './record-cases.js';
import { DAY, uniqueDay, uniqueName } from './subject.js';

/** Returns the exact summary of values that are exact in the field's type. */
function summaryOf({ kind }: Field, values: readonly number[]): Record<'min' | 'max' | 'avg', unknown> {
  const summary = {
    min: Math.min(...values),
    max: Math.max(...values),
    avg: values.reduce((sum, value) => sum + value, 0) / values.length,
  };
  if (kind.startsWith('float')) return summary;
  const avg = String(summary.avg);
  return kind === 'decimal'
    ? { min: String(summary.min), max: String(summary.max), avg }
    : { ...summary, avg };
}

/** Tests summaries and groups of every record. */
export function groupTests({ it, expect }: TestRunner, backend: () => TimeSeriesBackend): void {
  const { bar, write, aggregate, exactly } = aggregationsOf(backend);

  for (const tested of recordCases) {
    const { definition } = tested;
    const { name, fields } = definition;
    const record = name as NonNullable<AggregationParams['record']>;
    const { groups = [], measures = [], bars = false } = definition.aggregate ?? {};

    for (const measure of measures) {
      it(`summarises ${measure} of ${name}`, async () => {
        const day = uniqueDay();
        const rows = [0, 2].map((n) => tested.row(uniqueName(), day, n));
        await tested.insert(backend(), batchOfRows(tested, rows));
        const range = { startTime: day, endTime: day + DAY };
        const data = await exactly({
          ...range,
          record,
          measure: measure as MeasureOf<RecordName>,
          groupBy: [],
        });
        expect(data.map(({ count, bar: ohlcv }) => [count, ohlcv !== null])).toEqual([[2, bars]]);
        const values = rows.map((row) => Number(row[measure]));
        expect(data[0]).toMatchObject(summaryOf(fields[measure]!, values));
      });
    }

    it(`groups ${name} by every group field in the order given`, async () => {
      const day = uniqueDay();
      const row = tested.row(uniqueName(), day);
      await tested.insert(backend(), batchOfRows(tested, [row]));
      const groupBy = groups.toReversed() as GroupField[];
      const range = { startTime: day, endTime: day + 1 };
      const [found, ...more] = await aggregate({ ...range, record, groupBy });
      const full = stored(tested, row);
      expect(Object.entries(found!.group)).toEqual(groupBy.map((group) => [group, full[group]]));
      expect(more).toEqual([]);
    });
  }

  const defaultMeasures = [
    ['sentiment', -0.5],
    ['predictions', '101.25'],
    ['outcomes', '-1.25'],
    ['strategyPerformance', '1234.5'],
  ] as const;
  for (const [record, value] of defaultMeasures) {
    it(`summarises the default measure of ${record}`, async () => {
      const day = uniqueDay();
      const tested = caseOf(record);
      const scope = uniqueName();
      const rows = [0, 2].map((n) => tested.row(scope, day, n));
      await tested.insert(backend(), batchOfRows(tested, rows));
      const [summary, ...more] = await exactly({ startTime: day, endTime: day + DAY, record });
      expect(summary).toMatchObject({ count: 2, min: value, max: value, avg: value, bar: null });
      expect(more).toEqual([]);
    });
  }

  it('summarises and groups features', async () => {
    const day = uniqueDay();
    const symbol = uniqueName();
    const range = { startTime: day, endTime: day + DAY, record: 'features' as const };
    await backend().features.insert([
      { symbol, timestamp: day, features: { b: 0.3, a: 0.1 }, version: 1, calculationTimeMs: 4 },
    ]);
    expect(await exactly(range)).toMatchObject([{ count: 2, min: 0.1, max: 0.3, avg: 0.2, bar: null }]);
    expect(await exactly({ ...range, measure: 'calculationTimeMs' })).toMatchObject([
      { count: 2, min: 4, max: 4, avg: '4', bar: null },
    ]);
    const grouped = await aggregate({ ...range, groupBy: ['featureName', 'symbol'] });
    expect(grouped.map(({ group }) => group)).toEqual([
      { featureName: 'a', symbol },
      { featureName: 'b', symbol },
    ]);
  });

  it('groups bars by symbol and source in the order given', async () => {
    const day = uniqueDay();
    const range = { startTime: day, endTime: day + DAY };
    const [one, two] = [uniqueName(), uniqueName()].toSorted() as [string, string];
    await write([bar(two, day), bar(one, day + 1), bar(one, day + 2)], 'a');
    await write([bar(one, day + 3)], 'B');
    const groups = async (params: AggregationParams) =>
      (await aggregate({ ...range, ...params })).map(({ group, count }) => [group, count]);
    expect(await groups({})).toEqual([
      [{ symbol: one }, 3],
      [{ symbol: two }, 1],
    ]);
    expect(await groups({ groupBy: ['source'] })).toEqual([
      [{ source: 'B' }, 1],
      [{ source: 'a' }, 3],
    ]);
    expect(await groups({ groupBy: ['source', 'symbol'] })).toEqual([
      [{ source: 'B', symbol: one }, 1],
      [{ source: 'a', symbol: one }, 2],
      [{ source: 'a', symbol: two }, 1],
    ]);
    expect(await groups({ groupBy: ['symbol', 'source', 'symbol'] })).toEqual([
      [{ symbol: one, source: 'B' }, 1],
      [{ symbol: one, source: 'a' }, 2],
      [{ symbol: two, source: 'a' }, 1],
    ]);
    expect(await groups({ groupBy: [] })).toEqual([[{}, 4]]);
  });
}
