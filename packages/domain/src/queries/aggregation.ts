import { QueryError, ValidationError } from '../errors.js';
import { keysOf, readMembers, requireWholeNumber } from '../arguments.js';
import type { Field } from '../records/field.js';
import { toOutputField } from '../records/field.js';
import { DECIMAL_SCALE, divideHalfEven, formatDecimal } from '../records/kinds/decimal.js';
import type { Canonical } from '../records/kinds/kind.js';
import { Invalid } from '../records/kinds/kind.js';
import type { RecordDefinition } from '../records/definition.js';
import type { DefinitionOf, RecordName } from '../records/records.js';
import { requireRecord } from '../records/records.js';
import type { BucketWidth, Interval } from './interval.js';
import { bucketWidth, sessionWidth } from './interval.js';
import type { SessionName } from './sessions.js';
import type { RowSelection } from './parameters.js';
import { SELECTION_KEYS } from './parameter-keys.js';
import { requireLimit } from './query.js';
import type { SelectionPlan } from './selection.js';
import { planSelection } from './selection.js';

/**
 * Parameters of an aggregation. `limit` counts aggregates; the range and filters select the input rows. Rows that neither a filter
 * nor a group distinguishes go into one aggregate: features of all versions and names, predictions of all models and
 * horizons, sentiment of all sources.
 */
export interface AggregationParams<N extends RecordName = RecordName> extends RowSelection<N> {
  /** @default marketData */
  record?: N;
  /** Maximum number of aggregates. @default no limit */
  limit?: number;
  /** Rows that the call may scan. @default the adapter's `scanBudgetRows` */
  maxScanRows?: number;
  /** Bucket width. @default one bucket over the whole range */
  interval?: Interval;
  /**
   * Makes buckets of whole trading sessions in the market's time zone, with the interval `1d`, or `1w` from the session of
   * Monday. @default the calendar of UTC
   */
  session?: SessionName;
  /** Fields to group by; `[]` makes one group. @default the record's first group field: the symbol or the strategy */
  groupBy?: readonly GroupFieldOf<N>[];
  /** Numeric field to compute min, max and avg of. @default the record's first measure */
  measure?: MeasureOf<N>;
  /**
   * `combine` aggregates bars of several sources even when two of them have one symbol and instant. Default is to refuse
   * such an aggregate; sources that cover different instants are combined in any case. For market data only.
   */
  sources?: 'combine';
}

/** Fields that aggregations of a record may group by. */
export type GroupFieldOf<N extends RecordName> = N extends RecordName
  ? DefinitionOf<N> extends { aggregate: { groups: readonly (infer G)[] } }
    ? G
    : never
  : never;

/** Fields that aggregations of a record may summarise. */
export type MeasureOf<N extends RecordName> = N extends RecordName
  ? DefinitionOf<N> extends { aggregate: { measures: readonly (infer M)[] } }
    ? M
    : never
  : never;

/** Fields that aggregations of any record may group by. */
export type GroupField = GroupFieldOf<RecordName>;

/** Output numbers: with `E = true`, decimals are strings and 64-bit integers are bigints. */
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
  /** Null when no row of the bucket has a value. Rows without a value are counted nevertheless. */
  min: Measured<E> | null;
  max: Measured<E> | null;
  /**
   * Mean of the values. Of decimals and whole numbers it is exact: with `E = true` a string, rounded half to
   * even at scale 8, else the nearest number. Of floats it is a float64.
   */
  avg: (E extends true ? string | number : number) | null;
  /** Only for market data. */
  bar: Ohlcv<E> | null;
}

/** A checked aggregation, ready for any adapter. */
export interface AggregationPlan {
  readonly definition: RecordDefinition;
  readonly selection: SelectionPlan;
  readonly limit: number | undefined;
  readonly maxScanRows: number | undefined;
  readonly width: BucketWidth | undefined;
  readonly groupBy: readonly GroupField[];
  readonly measure: { readonly name: string; readonly field: Field };
  /** Whether to compute open, high, low, close, volume and weighted price. */
  readonly bars: boolean;
  /** Whether an aggregate with two bars of one symbol and instant is refused. */
  readonly separateSources: boolean;
}

/**
 * Exact sums that an adapter computes for one bucket: sums of decimals and whole numbers are bigints, sums of floats are
 * float64, see {@link FloatSum}. Means are made from these by {@link toOutputAggregate}, so that every adapter rounds the same way.
 */
export interface AggregateSums {
  intervalStart: number | undefined;
  group: Partial<Record<GroupField, string>>;
  count: number;
  /** Rows that have a value of the measure. */
  valueCount: number;
  /** Undefined when no row has a value. */
  min: Canonical | undefined;
  max: Canonical | undefined;
  sum: bigint | FloatSum;
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
  ...SELECTION_KEYS,
  ...keysOf<Omit<AggregationParams, keyof RowSelection>>({
    record: true,
    limit: true,
    maxScanRows: true,
    interval: true,
    session: true,
    groupBy: true,
    measure: true,
    sources: true,
  }),
];

/** Sums of floats. `scaled` is of the values divided by {@link FLOAT_SCALE}: it is finite where `total` is not. */
export interface FloatSum {
  total: number;
  scaled: number;
}

/** Larger than any count of rows, and a power of two: dividing by it is exact for all values whose sum overflows. */
export const FLOAT_SCALE = 2 ** 64;

/** Checks aggregation parameters; throws `ValidationError` naming the parameter. */
export function planAggregation(params: AggregationParams, operation: string): AggregationPlan {
  const given = readMembers('params', params, AGGREGATION_PARAMS, operation);
  const { record = 'marketData', interval } = given;
  const definition = requireRecord(record, operation);
  if (!definition.aggregate) {
    throw new ValidationError('record', `${definition.name} cannot be aggregated`, { operation });
  }
  const { groups, measures, bars = false } = definition.aggregate;
  const { groupBy = groups.slice(0, 1), measure = measures[0]! } = given;
  if (!Array.isArray(groupBy) || groupBy.some((group) => !groups.includes(group as string))) {
    throw new ValidationError('groupBy', `must be among ${groups.join(', ')}`, { operation });
  }
  if (!measures.includes(measure as string)) {
    throw new ValidationError('measure', `must be one of ${measures.join(', ')}`, { operation });
  }
  const combines = requireSources(given['sources'], bars, operation);
  const selection = planSelection(definition, given, operation);
  const { limit, maxScanRows } = given;
  requireWholeNumber('maxScanRows', maxScanRows, operation, { min: 1 });
  const oneSource = groupBy.includes('source') || selection.equals.some(({ name }) => name === 'source');
  return {
    definition,
    selection,
    limit: limit === undefined ? undefined : requireLimit(limit, operation),
    maxScanRows: maxScanRows as number | undefined,
    width: widthOf(interval, given['session'], operation),
    groupBy: [...new Set(groupBy as GroupField[])],
    measure: { name: measure as string, field: definition.fields[measure as string]! },
    bars,
    separateSources: bars && !combines && !oneSource,
  };
}

function widthOf(interval: unknown, session: unknown, operation: string): BucketWidth | undefined {
  if (session !== undefined) return sessionWidth(session, interval, operation);
  return interval === undefined ? undefined : bucketWidth(interval as string, operation);
}

function requireSources(sources: unknown, bars: boolean, operation: string): boolean {
  if (sources === undefined) return false;
  if (!bars) throw new ValidationError('sources', 'is for market data only', { operation });
  if (sources === 'combine') return true;
  throw new ValidationError('sources', "must be 'combine'", { operation });
}

/** Creates the error for an aggregate with two bars of one symbol and instant. */
export function mixedSources(operation: string): ValidationError {
  const reason =
    "bars of several sources are of one symbol and instant: give filters.source, groupBy: ['source'], or sources: 'combine' to add them up";
  return new ValidationError('sources', reason, { operation });
}

/** Computes the output aggregate from exact sums. Throws `QueryError` when a number cannot hold a value. */
export function toOutputAggregate<E extends boolean>(
  plan: AggregationPlan,
  sums: AggregateSums,
  exact: E,
): AggregatedData<E> {
  const present = (name: string, field: Field, value: Canonical | null): unknown => {
    const presented = toOutputField(field, value, exact);
    if (presented instanceof Invalid) throw inexact(plan, name, presented.reason);
    return presented;
  };
  const price = (name: string, units: bigint) => present(name, { kind: 'decimal' }, units);
  const { field } = plan.measure;
  const { bar, min = null, max = null } = sums;
  return {
    intervalStart: sums.intervalStart === undefined ? null : new Date(sums.intervalStart),
    group: sums.group,
    count: sums.count,
    min: present('min', field, min),
    max: present('max', field, max),
    avg: sums.valueCount === 0 ? null : meanOf(field, sums, exact),
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

function meanOf(field: Field, { sum, valueCount, min, max }: AggregateSums, exact: boolean): string | number {
  if (typeof sum !== 'bigint') {
    const { total, scaled } = sum;
    const mean = Number.isFinite(total) ? total / valueCount : (scaled / valueCount) * FLOAT_SCALE;
    // Rounding on the way must not lead out of the values.
    return Math.min(Math.max(mean, min as number), max as number) + 0;
  }
  const count = BigInt(valueCount);
  if (field.kind === 'decimal') return mean(sum, count, exact);
  return exact ? mean(sum * 10n ** BigInt(DECIMAL_SCALE), count, exact) : nearestQuotient(sum, count);
}

/** Bits of a quotient that determine its rounding to a number. */
const QUOTIENT_BITS = 64;

/** Returns the number nearest to the quotient of a nonnegative whole number and a count. */
function nearestQuotient(sum: bigint, count: bigint): number {
  if (sum <= Number.MAX_SAFE_INTEGER) return Number(sum) / Number(count);
  const dividend = sum << BigInt(QUOTIENT_BITS);
  const quotient = dividend / count;
  // A rest of any size keeps a quotient that lies between two numbers from looking as if it were in the middle.
  const sticky = dividend % count === 0n ? quotient : quotient | 1n;
  return Number(sticky) / 2 ** QUOTIENT_BITS;
}

/** Returns the mean as an exact string, or as the nearest number. */
function mean(sum: bigint, count: bigint, exact: boolean): string | number {
  const units = divideHalfEven(sum, count);
  const decimal = formatDecimal(units);
  return exact ? decimal : Number(decimal);
}

function inexact(plan: AggregationPlan, name: string, reason: string): QueryError {
  return new QueryError(plan.definition.table, `${name} ${reason}`, { operation: 'analytics.aggregate' });
}
