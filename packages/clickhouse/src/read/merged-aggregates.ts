import type { AggregateSums, AggregationPlan, Canonical } from '@quantumtrade/dal-domain';
import { compareCanonical } from '@quantumtrade/dal-domain';
import type { AggregateRow } from '../query/aggregate-query.js';

/**
 * Merges aggregates without an interval, which were made of slices of time, by their group. Returns them in the order of their groups.
 * @param parts in the order of the slices, the earliest first
 */
export function mergeAggregates(
  { groupBy }: AggregationPlan,
  parts: readonly AggregateRow[],
): AggregateRow[] {
  const namesOf = ({ sums }: AggregateRow) => groupBy.map((group) => sums.group[group]!);
  const merged = new Map<string, AggregateRow>();
  for (const part of parts) {
    const key = JSON.stringify(namesOf(part));
    const earlier = merged.get(key);
    if (!earlier) merged.set(key, part);
    else addLater(earlier, part);
  }
  return [...merged.values()].sort((a, b) => compareNames(namesOf(a), namesOf(b)));
}

function compareNames(a: readonly string[], b: readonly string[]): number {
  for (const [i, name] of a.entries()) {
    const order = compareCanonical(name, b[i]!);
    if (order !== 0) return order;
  }
  return 0;
}

function addLater(row: AggregateRow, later: AggregateRow): void {
  const { sums } = row;
  row.mixesSources ||= later.mixesSources || later.source !== row.source;
  sums.count += later.sums.count;
  sums.valueCount += later.sums.valueCount;
  sums.min = extreme(-1, sums.min, later.sums.min);
  sums.max = extreme(1, sums.max, later.sums.max);
  sums.sum = plus(sums.sum, later.sums.sum);
  if (sums.bar) addLaterBar(sums.bar, later.sums.bar!);
}

/** Both are of one kind, as the measure's field is. */
function plus(a: Sum, b: Sum): Sum {
  if (typeof a === 'bigint' || typeof b === 'bigint') return (a as bigint) + (b as bigint);
  return { total: a.total + b.total, scaled: a.scaled + b.scaled };
}

/** Returns the lower value for the sign -1, the higher one for 1. Either may be missing. */
function extreme(sign: -1 | 1, a: Canonical | undefined, b: Canonical | undefined): Canonical | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return sign * compareCanonical(a, b) >= 0 ? a : b;
}

function addLaterBar(bar: Bar, { high, low, close, volume, weighted }: Bar): void {
  if (high > bar.high) bar.high = high;
  if (low < bar.low) bar.low = low;
  bar.close = close;
  bar.volume += volume;
  bar.weighted += weighted;
}

type Sum = AggregateSums['sum'];
type Bar = NonNullable<AggregateSums['bar']>;
