import { METRICS, type MetricName } from '@quantumtrade/dal-telemetry';

/** Units of UCUM by their name in Prometheus. A number of things, such as `{row}`, has none. */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes', '1': 'ratio' };

/** A metric's name in Prometheus and OpenMetrics. */
export interface PrometheusName {
  /** Name of the family, ending with the unit, e.g. `quantumtrade_dal_ingest_size_bytes`. */
  readonly family: string;
  /** Name of the samples of a counter or gauge: the family's, and for a counter `_total` behind it. */
  readonly sample: string;
  readonly unit: string | undefined;
}

/** Returns the name of a metric after the rules by which OpenTelemetry names translate to Prometheus. */
export function prometheusName(name: MetricName): PrometheusName {
  const { kind, unit: ucum } = METRICS[name];
  const unit = UNITS[ucum];
  const base = name.replace(/\W/g, '_');
  const family = unit === undefined || base.endsWith(`_${unit}`) ? base : `${base}_${unit}`;
  return { family, sample: kind === 'counter' ? `${family}_total` : family, unit };
}

/** Returns the name of a label for an attribute, e.g. `db_operation_name`. */
export const labelOf = (attribute: string): string => attribute.replace(/\W/g, '_');
