export { LoggingAuditSink } from './logging-audit-sink.js';
export {
  createLogger,
  subscribeLogging,
  type LoggerOptions,
  type OperationLoggingOptions,
} from './logging.js';
export { METRICS, type MetricDefinition, type MetricName } from './metrics/definitions.js';
export {
  Measurements,
  type Exemplar,
  type HistogramValue,
  type MetricAttributes,
  type MetricFamily,
  type MetricPoint,
  type MetricsSource,
} from './metrics/measurements.js';
export {
  currentOperation,
  onOperationEnd,
  operationChannel,
  traceOperation,
  type OperationEvent,
  type TraceIds,
} from './operation-channel.js';
export {
  OperationMetrics,
  type MetricsClock,
  type MetricsSnapshot,
  type OperationDurations,
  type OperationSeries,
  type OperationStatistics,
} from './operation-metrics.js';
export { subscribeTracing } from './tracing.js';
