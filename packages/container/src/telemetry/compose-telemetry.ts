import { ConfigError, type DalConfig, type TelemetryConfig } from '@quantumtrade/dal-config';
import type { AuditSink } from '@quantumtrade/dal-domain';
import {
  cloudWatchMetrics,
  connectMetrics,
  embeddedMetrics,
  otlpMetrics,
  otlpTraces,
  prometheusRenderer,
  type RenderMetrics,
} from '@quantumtrade/dal-exporters';
import {
  createLogger,
  LoggingAuditSink,
  sampleAnswersAtHand,
  subscribeDebug,
  subscribeLogging,
  subscribeTracing,
  type Logger,
  type MetricsSource,
} from '@quantumtrade/dal-telemetry';
import { openLogDestination } from './log-destination.js';
import { TelemetryMetrics } from './telemetry-metrics.js';

/** The configured metrics, spans and logs of this process. */
export interface Telemetry {
  /** Writes lines to the configured destination, for the application as well. */
  readonly logger: Logger;
  /** Writes each modification of data as a line: the option `audit` of `composeDatabase`. Undefined where it is not configured. */
  readonly audit: AuditSink | undefined;
  /** Returns the metrics of the moment as Prometheus scrapes them. */
  readonly renderMetrics: RenderMetrics;
  /** Exports the metrics of a data layer from now on, in place of those of an earlier one. */
  watch(database: { readonly metrics: MetricsSource }): void;
  /** Exports once more, writes what is buffered, and ends. Close the data layer before. */
  close(): Promise<void>;
}

/**
 * Starts the configured exporters: log lines and spans of all operations of this process, and metrics of the data layer that is given to `watch`.
 * Compose it before the data layer and close it after. No exporter delays or fails an operation.
 * @throws Error naming a package of an exporter that is not installed, or a log file that cannot be opened
 */
export async function composeTelemetry({ telemetry }: Pick<DalConfig, 'telemetry'>): Promise<Telemetry> {
  const { traces, logs } = telemetry;
  const source = new TelemetryMetrics();
  const closers: (() => unknown)[] = [];
  const close = async () => {
    // The logs, which are opened first, take lines until the end.
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const logger = await startLogs(logs, source, closers);
    await startTraces(traces, source, closers);
    closers.push(sampleAnswersAtHand(telemetry.memoryReadSampling));
    await startMetrics(telemetry, logger, source, closers);
    return {
      logger,
      audit: logs.audit && logs.destination !== 'none' ? new LoggingAuditSink(logger) : undefined,
      renderMetrics: prometheusRenderer(source),
      watch: (database) => void (source.database = database.metrics),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startLogs(
  config: TelemetryConfig['logs'],
  source: TelemetryMetrics,
  closers: (() => unknown)[],
): Promise<Logger> {
  const { level, sampling, debug } = config;
  const destination = await openLogDestination(config);
  if (!destination) return createLogger({ level: 'silent' });
  closers.push(() => destination.close());
  source.exporters.push(destination.counts);
  const logger = createLogger({ level, destination });
  closers.push(subscribeLogging(logger, { sampling }));
  if (debug !== undefined)
    closers.push(
      subscribeDebug(
        logger,
        debug.split(',').map((part) => part.trim()),
      ),
    );
  return logger;
}

async function startTraces(
  { sampling, otlp }: TelemetryConfig['traces'],
  source: TelemetryMetrics,
  closers: (() => unknown)[],
): Promise<void> {
  if (!otlp) return;
  const exporter = await otlpTraces(otlp);
  closers.push(() => exporter.close());
  source.exporters.push(exporter.counts);
  closers.push(subscribeTracing(exporter.provider, { sampling }));
}

async function startMetrics(
  { metrics: { intervalMs, otlp, cloudwatch }, logs }: TelemetryConfig,
  logger: Logger,
  source: TelemetryMetrics,
  closers: (() => unknown)[],
): Promise<void> {
  const options = { intervalMs };
  const started = [];
  if (otlp) started.push(await otlpMetrics(otlp, source, options));
  if (cloudwatch) {
    const { namespace, via, ...address } = cloudwatch;
    if (via === 'logs' && logs.destination === 'none') {
      const reason = 'needs a destination of the logs';
      throw new ConfigError({
        key: 'telemetry.metrics.cloudwatch.via',
        reason,
        source: 'telemetry.logs.destination',
      });
    }
    // Metrics are written at any level of the logs.
    const lines = logger.child({}, { level: 'info' });
    started.push(
      via === 'logs'
        ? embeddedMetrics((fields) => lines.info(fields), namespace, source, options)
        : cloudWatchMetrics(await connectMetrics(namespace, address), source, options),
    );
  }
  for (const exporter of started) {
    closers.push(() => exporter.close());
    source.exporters.push(exporter.counts);
  }
}
