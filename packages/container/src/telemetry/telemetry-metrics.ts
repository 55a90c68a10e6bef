import type { ExporterCounts } from '@quantumtrade/dal-exporters';
import type { MetricFamily, MetricsSource } from '@quantumtrade/dal-telemetry';
import { Measurements } from '@quantumtrade/dal-telemetry';

/** Metrics of a data layer, once there is one, and of the exporters themselves. */
export class TelemetryMetrics implements MetricsSource {
  readonly startedAt = Date.now();
  /** Counts of each exporter. */
  readonly exporters: ExporterCounts[] = [];
  database: MetricsSource | undefined;

  async collect(): Promise<readonly MetricFamily[]> {
    const families = (await this.database?.collect()) ?? [];
    const own = new Measurements();
    for (const { exporter, failures, dropped } of this.exporters) {
      const attributes = { 'quantumtrade.dal.exporter': exporter };
      own.add('quantumtrade.dal.telemetry.failures', failures, attributes);
      if (dropped !== undefined) own.add('quantumtrade.dal.telemetry.dropped', dropped, attributes);
    }
    return [...families, ...own.families()];
  }
}
