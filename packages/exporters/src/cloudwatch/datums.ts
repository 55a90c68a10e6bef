import {
  METRICS,
  type HistogramValue,
  type MetricAttributes,
  type MetricFamily,
  type MetricName,
  type MetricPoint,
} from '@quantumtrade/dal-telemetry';

/** Units of UCUM by their name in CloudWatch. A number of things is a count. */
const UNITS = { s: 'Seconds', By: 'Bytes', '1': 'None' } as const;

export type CloudWatchUnit = (typeof UNITS)[keyof typeof UNITS] | 'Count';

/** Distribution over a few values: CloudWatch computes percentiles from it. */
export interface ValueCounts {
  readonly values: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

/** One value of a metric for CloudWatch. */
export interface Datum {
  readonly name: MetricName;
  readonly unit: CloudWatchUnit;
  readonly dimensions: MetricAttributes;
  readonly value: number | ValueCounts;
}

/** Attributes that would make too many metrics, each of which costs money; their values are added up. */
const DETAILS: readonly string[] = ['quantumtrade.dal.partition'];

/** Returns the values of families for CloudWatch, without empty distributions and what is no number. */
export function toDatums(families: readonly MetricFamily[]): Datum[] {
  return families.flatMap(({ name, points }) => {
    const unit = (UNITS as Readonly<Record<string, CloudWatchUnit>>)[METRICS[name].unit] ?? 'Count';
    return withoutDetails(points).flatMap(({ attributes, value }) => {
      const simple = typeof value === 'number' ? value : valueCounts(value);
      if (typeof simple === 'number' ? !Number.isFinite(simple) : simple.values.length === 0) return [];
      return [{ name, unit, dimensions: attributes, value: simple }];
    });
  });
}

function withoutDetails(points: readonly MetricPoint[]): readonly MetricPoint[] {
  const sums = new Map<string, { attributes: MetricAttributes; value: number }>();
  const others: MetricPoint[] = [];
  for (const point of points) {
    const kept = Object.entries(point.attributes).filter(([name]) => !DETAILS.includes(name));
    if (kept.length === Object.keys(point.attributes).length) others.push(point);
    else {
      const attributes = Object.fromEntries(kept);
      const key = JSON.stringify(attributes);
      const sum = sums.get(key) ?? { attributes, value: 0 };
      sums.set(key, sum);
      sum.value += point.value as number;
    }
  }
  return [...others, ...sums.values()];
}

/** Returns the buckets that have values, each as its upper bound; what is beyond the last bound counts as twice that bound. */
function valueCounts({ bounds, counts, sum }: HistogramValue): ValueCounts {
  const present = counts.flatMap((count, n) =>
    count > 0 ? [{ value: bounds[n] ?? 2 * bounds.at(-1)!, count }] : [],
  );
  return { values: present.map(({ value }) => value), counts: present.map(({ count }) => count), sum };
}
