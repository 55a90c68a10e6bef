import { QueryError, ValidationError } from '../errors.js';
import { keysOf } from '../known-keys.js';
import { divideHalfEven, formatDecimal } from '../records/decimal.js';
import type { Canonical, Field } from '../records/field.js';
import { Invalid, presentField } from '../records/field.js';
import type { RecordDefinition } from '../records/record.js';
import { readMembers } from '../records/members.js';
import type { RecordName } from '../records/records.js';
import { requireRecord } from '../records/records.js';
import type { BucketWidth, Interval } from './interval.js';
import { bucketWidth } from './interval.js';
import type { QueryParams, QueryPlan } from './query.js';
import { planQueryOf, QUERY_PARAMS } from './query.js';

/** What to summarise. `limit` counts aggregates; the range and filters choose the rows that go in. */
export interface AggregationParams extends QueryParams {
  /** Default is `marketData`. */
  record?: RecordName;
  /** Bucket width. Default is one bucket over the whole range. */
  interval?: Interval;
  /** Default is the record's first group field: the symbol, or the strategy. `[]` puts all rows together. */
  groupBy?: readonly GroupField[];
  /** The numeric field that count, min, max, sum and avg speak of. Default is the record's first measure. */
  measure?: string;
}

export type GroupField =
  'symbol' | 'source' | 'strategyName' | 'marketRegime' | 'modelVersion' | 'featureName';

/** Numbers as readers see them: with `E = true`, decimals are strings and 64-bit integers are bigints. */
export type Measured<E extends boolean> = E extends true ? string | bigint | number : number;

/** Open, high, low and close of a bucket, its volume, and its volume-weighted average price. */
export interface Ohlcv<E extends boolean = false> {
  open: E extends true ? string : number;
  high: E extends true ? string : number;
  low: E extends true ? string : number;
  close: E extends true ? string : number;
  volume: E extends true ? string : number;
  /** Mean of (high + low + close) / 3 weighted by volume; null when nothing was traded. */
  vwap: (E extends true ? string : number) | null;
}

/** One bucket of one group. */
export interface AggregatedData<E extends boolean = false> {
  /** Start of the bucket in UTC; null when the range is one bucket. */
  intervalStart: Date | null;
  group: Partial<Record<GroupField, string>>;
  count: number;
  min: Measured<E>;
  max: Measured<E>;
  /** Mean: rounded half to even at scale 8 for decimals, a float64 otherwise. */
  avg: E extends true ? string | number : number;
  /** Only for market data. Bars of several sources count one after another: filter or group by source. */
  bar: Ohlcv<E> | null;
}

/** A checked aggregation, ready for any adapter. */
export interface AggregationPlan {
  readonly definition: RecordDefinition;
  readonly query: QueryPlan;
  readonly width: BucketWidth | undefined;
  readonly groupBy: readonly GroupField[];
  readonly measure: { readonly name: string; readonly field: Field };
  /** Whether open, high, low, close, volume and weighted price are wanted. */
  readonly bars: boolean;
}

/**
 * What an adapter computes for one bucket, exactly: sums of decimals and integers are bigints, sums of floats are
 * float64. Means are made from these by {@link presentAggregate}, so that every adapter rounds the same way.
 */
export interface AggregateSums {
  intervalStart: number | undefined;
  group: Partial<Record<GroupField, string>>;
  count: number;
  min: Canonical;
  max: Canonical;
  sum: bigint | number;
  bar?: {
    open: bigint;
    high: bigint;
    low: bigint;
    close: bigint;
    volume: bigint;
    /** Sum of (high + low + close) * volume, in units of 10^-16. */
    weighted: bigint;
  };
}

const AGGREGATION_PARAMS = [
  ...QUERY_PARAMS,
  ...keysOf<Omit<AggregationParams, keyof QueryParams>>({
    record: true,
    interval: true,
    groupBy: true,
    measure: true,
  }),
];

/** Checks aggregation parameters; throws `ValidationError` naming the parameter. */
export function planAggregation(params: AggregationParams, operation: string): AggregationPlan {
  const given = readMembers('params', params, AGGREGATION_PARAMS, operation);
  const { record = 'marketData', interval } = given;
  const definition = requireRecord(record, operation);
  const { groupBy = definition.groups.slice(0, 1), measure = definition.measures[0]! } = given;
  if (!Array.isArray(groupBy) || groupBy.some((group) => !definition.groups.includes(group as string))) {
    throw new ValidationError('groupBy', `must be among ${definition.groups.join(', ')}`, { operation });
  }
  if (!definition.measures.includes(measure as string)) {
    throw new ValidationError('measure', `must be one of ${definition.measures.join(', ')}`, { operation });
  }
  return {
    definition,
    query: planQueryOf(definition, given, operation),
    width: interval === undefined ? undefined : bucketWidth(interval, operation),
    groupBy: [...new Set(groupBy as GroupField[])],
    measure: { name: measure as string, field: definition.fields[measure as string]! },
    bars: record === 'marketData',
  };
}

/** Makes the reader's aggregate from exact sums. Throws `QueryError` where a number cannot hold a value. */
export function presentAggregate<E extends boolean>(
  plan: AggregationPlan,
  sums: AggregateSums,
  exact: E,
): AggregatedData<E> {
  const present = (name: string, field: Field, value: Canonical): unknown => {
    const presented = presentField(field, value, exact);
    if (presented instanceof Invalid) throw inexact(plan, name, presented.reason);
    return presented;
  };
  const price = (name: string, units: bigint) => present(name, { kind: 'decimal' }, units);
  const { field } = plan.measure;
  const { bar } = sums;
  return {
    intervalStart: sums.intervalStart === undefined ? null : new Date(sums.intervalStart),
    group: sums.group,
    count: sums.count,
    min: present('min', field, sums.min),
    max: present('max', field, sums.max),
    avg:
      field.kind === 'decimal'
        ? mean(sums.sum as bigint, BigInt(sums.count), exact)
        : Number(sums.sum) / sums.count,
    bar: bar
      ? {
          open: price('open', bar.open),
          high: price('high', bar.high),
          low: price('low', bar.low),
          close: price('close', bar.close),
          volume: price('volume', bar.volume),
          vwap: bar.volume === 0n ? null : mean(bar.weighted, 3n * bar.volume, exact),
        }
      : null,
  } as AggregatedData<E>;
}

/** A mean is rounded anyway, so as a number it is the nearest one. */
function mean(sum: bigint, count: bigint, exact: boolean): string | number {
  const units = divideHalfEven(sum, count);
  const decimal = formatDecimal(units);
  return exact ? decimal : Number(decimal);
}

function inexact(plan: AggregationPlan, name: string, reason: string): QueryError {
  return new QueryError(plan.definition.table, `${name} ${reason}`, { operation: 'analytics.aggregate' });
}
