import {
  METRICS,
  type Exemplar,
  type HistogramValue,
  type MetricAttributes,
  type MetricFamily,
  type MetricPoint,
} from '@quantumtrade/dal-telemetry';
import type { Format } from './format.js';
import { labelOf, prometheusName, type PrometheusName } from './names.js';

/** Returns metrics as a text of Prometheus. Only OpenMetrics has units and exemplars. */
export function renderFamilies(families: readonly MetricFamily[], format: Format): string {
  const lines = families.flatMap((family) => linesOf(family, format));
  if (format === 'openmetrics') lines.push('# EOF');
  return lines.map((line) => `${line}\n`).join('');
}

function linesOf({ name, points }: MetricFamily, format: Format): string[] {
  const { kind, description } = METRICS[name];
  const names = prometheusName(name);
  // The plain text format has the samples' name in these lines.
  const described = format === 'openmetrics' ? names.family : names.sample;
  const unit =
    format === 'openmetrics' && names.unit !== undefined ? [`# UNIT ${described} ${names.unit}`] : [];
  return [
    `# HELP ${described} ${escapeHelp(description)}`,
    `# TYPE ${described} ${kind}`,
    ...unit,
    ...points.flatMap((point) => samplesOf(names, point, format)),
  ];
}

function samplesOf(
  { family, sample }: PrometheusName,
  { attributes, value }: MetricPoint,
  format: Format,
): string[] {
  if (typeof value === 'number') return [`${sample}${labels(attributes)} ${number(value)}`];
  return bucketsOf(family, attributes, value, format);
}

function bucketsOf(
  family: string,
  attributes: MetricAttributes,
  { bounds, counts, sum, exemplars }: HistogramValue,
  format: Format,
): string[] {
  let count = 0;
  const buckets = counts.map((each, index) => {
    count += each;
    const le = index < bounds.length ? decimal(bounds[index]!) : '+Inf';
    const exemplar = format === 'openmetrics' ? exemplarText(exemplars[index]) : '';
    return `${family}_bucket${labels({ ...attributes, le })} ${count}${exemplar}`;
  });
  const own = labels(attributes);
  return [...buckets, `${family}_sum${own} ${number(sum)}`, `${family}_count${own} ${count}`];
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (!exemplar) return '';
  const { traceId, spanId, value, at } = exemplar;
  return ` # ${labels({ trace_id: traceId, span_id: spanId })} ${number(value)} ${number(at / 1_000)}`;
}

function labels(attributes: MetricAttributes): string {
  const entries = Object.entries(attributes);
  if (entries.length === 0) return '';
  return `{${entries.map(([name, value]) => `${labelOf(name)}="${escapeLabel(value)}"`).join(',')}}`;
}

const escapeLabel = (text: string): string => escapeHelp(text).replace(/"/g, '\\"');

const escapeHelp = (text: string): string => text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** Returns a bound with a decimal point: the two formats name a bucket alike then. */
const decimal = (bound: number): string => (Number.isInteger(bound) ? bound.toFixed(1) : String(bound));
