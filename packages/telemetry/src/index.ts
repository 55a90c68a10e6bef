export { LoggingAuditSink } from './logging-audit-sink.js';
export {
  createLogger,
  subscribeLogging,
  type LoggerOptions,
  type OperationLoggingOptions,
} from './logging.js';
export {
  currentOperation,
  onOperationEnd,
  operationChannel,
  traceOperation,
  type OperationEvent,
} from './operation-channel.js';
export {
  OperationMetrics,
  type MetricsClock,
  type MetricsSnapshot,
  type OperationSeries,
  type OperationStatistics,
} from './operation-metrics.js';
export { subscribeTracing } from './tracing.js';
