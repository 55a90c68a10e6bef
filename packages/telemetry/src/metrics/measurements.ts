import { METRICS, type MetricName } from './definitions.js';

/** Attributes of a point; an undefined one is left out. */
export type MetricAttributes = Readonly<Record<string, string>>;

/** One observed value with the trace that it belongs to. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
  readonly value: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Distribution of values since the start, in the unit of the metric. */
export interface HistogramValue {
  /** Upper bounds of the buckets, ascending, each inclusive; one more bucket has no bound. */
  readonly bounds: readonly number[];
  /** Values in each bucket, that without a bound included. */
  readonly counts: readonly number[];
  readonly sum: number;
  /** The latest traced value of each bucket. */
  readonly exemplars: readonly (Exemplar | undefined)[];
}

/** One value of a metric with its attributes. */
export interface MetricPoint {
  readonly attributes: MetricAttributes;
  readonly value: number | HistogramValue;
}

/** A metric with all of its values. */
export interface MetricFamily {
  readonly name: MetricName;
  readonly points: readonly MetricPoint[];
}

/** Returns the current values of metrics, for exporters. */
export interface MetricsSource {
  /** Start of all counters and histograms (epoch milliseconds). */
  readonly startedAt: number;
  /** Never rejects. What a server does not answer in time is missing. */
  collect(): Promise<readonly MetricFamily[]>;
}

type AttributesOf<N extends MetricName> = {
  readonly [A in (typeof METRICS)[N]['attributes'][number]]: string | undefined;
};
type ValueOf<N extends MetricName> = (typeof METRICS)[N]['kind'] extends 'histogram'
  ? HistogramValue
  : number;

/** Collects values of metrics; the compiler checks their attributes against the definitions. */
export class Measurements {
  readonly #points = new Map<MetricName, MetricPoint[]>();

  /** Adds a point. A metric without points, e.g. of endpoints that a backend does not have, is missing. */
  add<N extends MetricName>(name: N, value: ValueOf<N>, attributes: AttributesOf<N>): void {
    const given = Object.entries<string | undefined>(attributes);
    const present = given.filter((entry): entry is [string, string] => entry[1] !== undefined);
    let points = this.#points.get(name);
    if (!points) this.#points.set(name, (points = []));
    points.push({ attributes: Object.fromEntries(present), value });
  }

  /** Returns the metrics in the order of their definitions. */
  families(): MetricFamily[] {
    return (Object.keys(METRICS) as MetricName[]).flatMap((name) => {
      const points = this.#points.get(name);
      return points ? [{ name, points }] : [];
    });
  }
}
