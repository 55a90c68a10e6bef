import type { Datum } from './datums.js';

/** Metrics of one line at most. */
const MAX_METRICS = 100;

/** Returns the fields of log lines in the embedded metric format, one for all values with the same dimensions. */
export function emfLines(datums: readonly Datum[], namespace: string, at: number): object[] {
  const groups = new Map<string, Datum[]>();
  for (const datum of datums) {
    const key = JSON.stringify(datum.dimensions);
    groups.set(key, [...(groups.get(key) ?? []), datum]);
  }
  return [...groups.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / MAX_METRICS) }, (_, n) =>
      lineOf(group.slice(n * MAX_METRICS, (n + 1) * MAX_METRICS), namespace, at),
    ),
  );
}

function lineOf(datums: readonly Datum[], namespace: string, at: number): object {
  const { dimensions } = datums[0]!;
  const directive = {
    Namespace: namespace,
    Dimensions: [Object.keys(dimensions)],
    Metrics: datums.map(({ name, unit }) => ({ Name: name, Unit: unit })),
  };
  const values = datums.map(({ name, value }) => [
    name,
    typeof value === 'number' ? value : statisticsOf(value),
  ]);
  return {
    _aws: { Timestamp: at, CloudWatchMetrics: [directive] },
    ...dimensions,
    ...Object.fromEntries(values),
  };
}

const statisticsOf = ({ values, counts, sum }: Exclude<Datum['value'], number>) => ({
  Values: values,
  Counts: counts,
  Min: values[0],
  Max: values.at(-1),
  Count: counts.reduce((total, each) => total + each, 0),
  Sum: sum,
});
