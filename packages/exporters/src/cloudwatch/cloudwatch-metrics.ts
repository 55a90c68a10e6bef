import { backgroundClock, type Clock } from '@quantumtrade/dal-runtime';
import type { MetricsSource } from '@quantumtrade/dal-telemetry';
import type { RunningExporter } from '../exporter.js';
import { PeriodicExport } from '../periodic-export.js';
import { Deltas } from './deltas.js';
import { toDatums, type Datum } from './datums.js';
import { emfLines } from './emf.js';
import type { MetricsApi } from './metrics-api.js';

/** Limits of one call of PutMetricData, of which the size is that of its text before it is compressed; ours is rough. */
const MAX_DATUMS = 1_000;
const MAX_BYTES = 900_000;

export interface CloudWatchMetricsOptions {
  /** Time between two exports (milliseconds). */
  readonly intervalMs: number;
  /** @default the system's clock, whose timers do not keep the process alive */
  readonly clock?: Clock;
}

/** Sends metrics by PutMetricData. What one export could not send is missing: counters go on with the next. */
export function cloudWatchMetrics(
  api: MetricsApi,
  source: MetricsSource,
  { intervalMs, clock = backgroundClock }: CloudWatchMetricsOptions,
): RunningExporter {
  const counts = { exporter: 'cloudwatch.metrics', failures: 0 };
  const deltas = new Deltas();
  const send = async () => {
    const datums = toDatums(deltas.next(await source.collect()));
    const at = new Date(clock.now());
    for (const batch of batchesOf(datums)) await api.put(batch, at);
  };
  const periodic = new PeriodicExport(send, intervalMs, counts, clock);
  return {
    counts,
    close: async () => {
      await periodic.close();
      api.close();
    },
  };
}

/** Writes metrics as log lines in CloudWatch's embedded metric format. `log` takes the fields of a line. */
export function embeddedMetrics(
  log: (fields: object) => void,
  namespace: string,
  source: MetricsSource,
  { intervalMs, clock = backgroundClock }: CloudWatchMetricsOptions,
): RunningExporter {
  const counts = { exporter: 'cloudwatch.emf', failures: 0 };
  const deltas = new Deltas();
  const write = async () => {
    const datums = toDatums(deltas.next(await source.collect()));
    for (const line of emfLines(datums, namespace, clock.now())) log(line);
  };
  const periodic = new PeriodicExport(write, intervalMs, counts, clock);
  return { counts, close: () => periodic.close() };
}

function* batchesOf(datums: readonly Datum[]): Generator<Datum[], void, undefined> {
  let batch: Datum[] = [];
  let bytes = 0;
  for (const datum of datums) {
    // Names, times and dimensions are written out longer than here.
    const size = 3 * JSON.stringify(datum).length;
    if (batch.length === MAX_DATUMS || (batch.length > 0 && bytes + size > MAX_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(datum);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
