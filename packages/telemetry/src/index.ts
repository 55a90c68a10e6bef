export {
  debugChannel,
  subscribeDebug,
  type DebugChannel,
  type DebugPart,
  type DebugStep,
} from './debug-channel.js';
export { errorFields, type ErrorFields } from './error-fields.js';
export { LoggingAuditSink } from './logging-audit-sink.js';
export {
  createLogger,
  subscribeLogging,
  type Logger,
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
export { serverAttributes, type ServerAttributes } from './metrics/server-attributes.js';
export {
  announcesAnswerAtHand,
  currentOperation,
  noteAttempt,
  noteBytes,
  onOperationEnd,
  operationChannel,
  sampleAnswersAtHand,
  traceOperation,
  traceparentOf,
  type OperationEvent,
  type QueryAttempt,
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
export { subscribeTracing, type TracingOptions } from './tracing.js';
