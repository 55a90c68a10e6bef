import type {
  AggregateSums,
  AggregationParams,
  AggregationPlan,
  Analytics,
  Canonical,
  GroupField,
  ReadOptions,
  RecordName,
  Row,
} from '@quantumtrade/dal-domain';
import {
  bucketStart,
  compareCanonical,
  FLOAT_SCALE,
  mixedSources,
  planAggregation,
  requireScanBudget,
  toOutputAggregate,
  READ_OPTIONS,
} from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';
import { timeOrder, toResult } from '../store/memory-store.js';
import { timeOf } from '../store/series.js';
import { countLateBars } from './late-bars.js';

export function memoryAnalytics(store: MemoryStore): Analytics {
  return {
    aggregate: async <E extends boolean = false, N extends RecordName = 'marketData'>(
      params: AggregationParams<N>,
      options?: ReadOptions<E>,
    ) => {
      const started = performance.now();
      const operation = 'analytics.aggregate';
      store.checkOpen(operation, options, READ_OPTIONS);
      const plan = planAggregation(params, operation);
      const record = plan.definition.name as RecordName;
      store.requireTables(operation, record);
      const budget = plan.maxScanRows ?? store.limits.scanBudgetRows;
      const rows = store.tables[record].find(plan.selection, timeOrder(plan.definition), (scanned) =>
        requireScanBudget(scanned, budget, operation),
      );
      const buckets = summarise(plan, rows);
      const page = buckets.slice(0, plan.limit);
      const exact = (options?.exact ?? false) as E;
      const data = page.map(({ sums }) => toOutputAggregate(plan, sums, exact));
      const mixed = plan.separateSources && page.some(({ mixesSources }) => mixesSources);
      if (mixed && hasTwins(rows)) throw mixedSources(operation);
      return toResult(started, buckets.length, data);
    },
    lateBars: async (params, options) => countLateBars(store, params, options),
  };
}

/** The sums of each bucket and group, by bucket, then by the groups in the order asked for. Rows are in read order. */
function summarise(plan: AggregationPlan, rows: readonly Row[]): Bucket[] {
  const buckets = new Map<string, Bucket>();
  for (const row of rows) {
    const intervalStart = plan.width && bucketStart(plan.width, timeOf(row));
    const names = plan.groupBy.map((group) => row[group] as string);
    const key = JSON.stringify([intervalStart, ...names]);
    const bucket = buckets.get(key);
    if (bucket) {
      addRow(plan, bucket.sums, row);
      bucket.mixesSources ||= bucket.source !== row['source'];
    } else {
      const sums = firstRow(plan, intervalStart, row);
      buckets.set(key, { sums, source: row['source'], mixesSources: false });
    }
  }
  return [...buckets.values()].sort((a, b) => compareBuckets(plan.groupBy, a.sums, b.sums));
}

interface Bucket {
  readonly sums: AggregateSums;
  /** Source of the first row. */
  readonly source: Row[string] | undefined;
  mixesSources: boolean;
}

/** Whether any two bars, which are in read order, are of one symbol and instant. */
const hasTwins = (rows: readonly Row[]): boolean =>
  rows.some(
    (row, n) => n > 0 && timeOf(row) === timeOf(rows[n - 1]!) && row['symbol'] === rows[n - 1]!['symbol'],
  );

function firstRow(plan: AggregationPlan, intervalStart: number | undefined, row: Row): AggregateSums {
  const value = row[plan.measure.name] ?? undefined;
  return {
    intervalStart,
    group: Object.fromEntries(plan.groupBy.map((group) => [group, row[group] as string])),
    count: 1,
    valueCount: value === undefined ? 0 : 1,
    min: value,
    max: value,
    sum: sumOf(plan, value),
    ...(plan.bars && { bar: barOf(row) }),
  };
}

function addRow(plan: AggregationPlan, bucket: AggregateSums, row: Row): void {
  const value = row[plan.measure.name] ?? undefined;
  bucket.count += 1;
  if (value !== undefined) {
    bucket.valueCount += 1;
    if (bucket.min === undefined || compareCanonical(value, bucket.min) < 0) bucket.min = value;
    if (bucket.max === undefined || compareCanonical(value, bucket.max) > 0) bucket.max = value;
    bucket.sum = plus(bucket.sum, sumOf(plan, value));
  }
  if (!bucket.bar) return;
  const { high, low, close, volume, weighted } = barOf(row);
  if (high > bucket.bar.high) bucket.bar.high = high;
  if (low < bucket.bar.low) bucket.bar.low = low;
  bucket.bar.close = close;
  bucket.bar.volume += volume;
  bucket.bar.weighted += weighted;
}

type Sum = AggregateSums['sum'];

/** The sum of one value. Floats are summed as float64, everything else exactly. */
function sumOf({ measure: { field } }: AggregationPlan, value: Canonical = 0): Sum {
  if (field.kind !== 'float32' && field.kind !== 'float64') return BigInt(value as number | bigint);
  return { total: value as number, scaled: (value as number) / FLOAT_SCALE };
}

/** Both are of one kind, as the measure's field is. */
function plus(a: Sum, b: Sum): Sum {
  if (typeof a === 'bigint' || typeof b === 'bigint') return (a as bigint) + (b as bigint);
  return { total: a.total + b.total, scaled: a.scaled + b.scaled };
}

function barOf(row: Row): NonNullable<AggregateSums['bar']> {
  const { open, high, low, close, volume } = row as Record<string, bigint>;
  return {
    open: open!,
    high: high!,
    low: low!,
    close: close!,
    volume: volume!,
    weighted: (high! + low! + close!) * volume!,
  };
}

function compareBuckets(groupBy: readonly GroupField[], a: AggregateSums, b: AggregateSums): number {
  const byTime = (a.intervalStart ?? 0) - (b.intervalStart ?? 0);
  if (byTime !== 0) return byTime;
  for (const group of groupBy) {
    const order = compareCanonical(a.group[group]!, b.group[group]!);
    if (order !== 0) return order;
  }
  return 0;
}
