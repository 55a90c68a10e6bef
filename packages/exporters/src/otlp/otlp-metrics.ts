import type { MetricsSource } from '@quantumtrade/dal-telemetry';
import type { RunningExporter } from '../exporter.js';
import { loadPeer } from '@quantumtrade/dal-runtime';
import { EXPORT_WITHIN_MS, exporterOptions, type Collector } from './collector.js';
import { countedExporter } from './counted-exporter.js';
import { toMetricData } from './metric-data.js';
import { loadResource } from './resource.js';

const USE = 'the export of metrics to a collector';

/** Sends metrics to an OpenTelemetry collector at intervals. */
export async function otlpMetrics(
  collector: Collector,
  source: MetricsSource,
  { intervalMs }: { readonly intervalMs: number },
): Promise<RunningExporter> {
  const sdk = await loadPeer('@opentelemetry/sdk-metrics', () => import('@opentelemetry/sdk-metrics'), USE);
  const { OTLPMetricExporter } = await loadPeer(
    '@opentelemetry/exporter-metrics-otlp-proto',
    () => import('@opentelemetry/exporter-metrics-otlp-proto'),
    USE,
  );
  const resource = await loadResource(USE);
  const counts = { exporter: 'otlp.metrics', failures: 0 };
  const scope = { name: '@quantumtrade/dal-exporters' };
  const producer = {
    collect: async () => {
      const metrics = toMetricData(sdk, await source.collect(), source.startedAt, Date.now());
      return { resourceMetrics: { resource, scopeMetrics: [{ scope, metrics }] }, errors: [] };
    },
  };
  const reader = new sdk.PeriodicExportingMetricReader({
    exporter: countedExporter(new OTLPMetricExporter(exporterOptions(collector)), counts),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(EXPORT_WITHIN_MS, intervalMs),
    metricProducers: [producer],
  });
  const provider = new sdk.MeterProvider({ resource, readers: [reader] });
  const stopWatching = collector.authorization?.watch();
  return {
    counts,
    close: async () => {
      await provider.shutdown().catch(() => undefined);
      stopWatching?.();
    },
  };
}
