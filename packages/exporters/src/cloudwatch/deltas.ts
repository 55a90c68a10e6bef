import {
  METRICS,
  type HistogramValue,
  type MetricFamily,
  type MetricPoint,
} from '@quantumtrade/dal-telemetry';

/** Differences of sums between one collection and the next: CloudWatch adds up what it gets. */
export class Deltas {
  #before = new Map<string, MetricPoint['value']>();

  /** Returns the families with the growth of counters and histograms since the last call; gauges are as they are. */
  next(families: readonly MetricFamily[]): MetricFamily[] {
    const before = this.#before;
    this.#before = new Map();
    return families.map(({ name, points }) => {
      if (METRICS[name].kind === 'gauge') return { name, points };
      return {
        name,
        points: points.map(({ attributes, value }) => {
          const key = JSON.stringify([name, attributes]);
          this.#before.set(key, value);
          return { attributes, value: growth(value, before.get(key)) };
        }),
      };
    });
  }
}

function growth(value: MetricPoint['value'], before: MetricPoint['value'] | undefined): MetricPoint['value'] {
  if (before === undefined) return value;
  if (typeof value === 'number') return value - (before as number);
  const { counts, sum } = before as HistogramValue;
  return { ...value, counts: value.counts.map((count, n) => count - counts[n]!), sum: value.sum - sum };
}
