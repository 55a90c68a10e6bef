import { ValueType } from '@opentelemetry/api';
import type { AggregationTemporality, DataPointType, MetricData } from '@opentelemetry/sdk-metrics';
import {
  METRICS,
  type HistogramValue,
  type MetricFamily,
  type MetricPoint,
} from '@quantumtrade/dal-telemetry';

/** Constants of the SDK, which is loaded where it is used. */
interface Constants {
  readonly AggregationTemporality: typeof AggregationTemporality;
  readonly DataPointType: typeof DataPointType;
}

/** Returns families in the form of the OpenTelemetry SDK: sums since the start, with their start and the time of now. */
export function toMetricData(
  { AggregationTemporality, DataPointType }: Constants,
  families: readonly MetricFamily[],
  startedAt: number,
  now: number,
): MetricData[] {
  const times = { startTime: toHrTime(startedAt), endTime: toHrTime(now) };
  return families.map(({ name, points }) => {
    const { kind, unit, description } = METRICS[name];
    const base = {
      descriptor: { name, description, unit, valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
    };
    const numbers = (): { value: number; attributes: MetricPoint['attributes'] }[] =>
      points.map(({ attributes, value }) => ({ attributes, value: value as number, ...times }));
    switch (kind) {
      case 'histogram': {
        const dataPoints = points.map(({ attributes, value }) => ({
          ...times,
          attributes,
          value: histogramOf(value as HistogramValue),
        }));
        return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints };
      }
      case 'counter':
        return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: numbers() };
      case 'gauge':
        return { ...base, dataPointType: DataPointType.GAUGE, dataPoints: numbers() };
    }
  }) as MetricData[];
}

const histogramOf = ({ bounds, counts, sum }: HistogramValue) => ({
  buckets: { boundaries: [...bounds], counts: [...counts] },
  count: counts.reduce((total, each) => total + each, 0),
  sum,
});

/** Returns an instant as seconds and nanoseconds. */
const toHrTime = (ms: number): [number, number] => [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000];
