export {
  cloudWatchMetrics,
  embeddedMetrics,
  type CloudWatchMetricsOptions,
} from './cloudwatch/cloudwatch-metrics.js';
export { LogQueue } from './cloudwatch/log-queue.js';
export { connectLogs } from './cloudwatch/logs-api.js';
export { connectMetrics } from './cloudwatch/metrics-api.js';
export type { ExporterCounts, RunningExporter } from './exporter.js';
export type { LogDestination } from './logs/log-destination.js';
export { fileDestination, standardDestination } from './logs/stream-destination.js';
export type { Collector } from './otlp/collector.js';
export { otlpMetrics } from './otlp/otlp-metrics.js';
export { otlpTraces, type TraceExporter } from './otlp/otlp-traces.js';
export { prometheusName, type PrometheusName } from './prometheus/names.js';
export {
  prometheusRenderer,
  type RenderedMetrics,
  type RenderMetrics,
} from './prometheus/prometheus-renderer.js';
