/** The settings of one service of Amazon Web Services. Credentials are found as the SDK of AWS finds them. */
const AWS_SETTINGS = {
  /** Region of AWS. Without it, the one that the SDK of AWS finds. */
  region: { kind: 'text' },
  /** Address of the service, e.g. of an endpoint within a private network. Without it, that of the region. */
  endpoint: { kind: 'url', schemes: ['http', 'https'] },
} as const;

/** The settings of an OpenTelemetry collector. */
const COLLECTOR_SETTINGS = {
  /** Address for OTLP over HTTP with protobuf, e.g. `http://collector:4318/v1/metrics`. */
  url: { kind: 'url', schemes: ['http', 'https'], required: true },
  /** Value of the header `Authorization`. */
  authorization: { kind: 'secret' },
} as const;

const METRICS_SETTINGS = {
  /** Time between two exports. Prometheus asks for the metrics itself. */
  intervalMs: { kind: 'duration', default: 60_000, inFile: 'seconds' },
  /** A collector that gets the metrics. */
  otlp: { kind: 'group', settings: COLLECTOR_SETTINGS, optional: true },
  /** CloudWatch, which gets the metrics without the partitions of tables. */
  cloudwatch: {
    kind: 'group',
    settings: {
      /** Namespace of the metrics in CloudWatch. */
      namespace: { kind: 'text', default: 'QuantumTrade/DAL' },
      /**
       * Way of the metrics: `api` calls PutMetricData, `logs` writes them as lines in the embedded metric format to the destination of the
       * logs.
       */
      via: { kind: 'choice', values: ['api', 'logs'], default: 'api' },
      ...AWS_SETTINGS,
    },
    optional: true,
  },
} as const;

const TRACES_SETTINGS = {
  /** Share of the traces that are recorded, where no caller has decided about its trace. */
  sampling: { kind: 'share', default: 0.01 },
  /** The collector that spans are sent to. Without it, no spans are recorded. */
  otlp: { kind: 'group', settings: COLLECTOR_SETTINGS, optional: true },
} as const;

/** A list of names in one text. */
const NAMES = {
  matches: /^[a-z.]+(\s*,\s*[a-z.]+)*$/,
  described: 'names with commas between them',
} as const;

const LOGS_SETTINGS = {
  /** Destination of the lines. */
  destination: {
    kind: 'choice',
    values: ['none', 'stdout', 'stderr', 'file', 'cloudwatch'],
    default: 'stdout',
  },
  /** The lowest level that is written. */
  level: { kind: 'choice', values: ['error', 'warn', 'info', 'debug'], default: 'info' },
  /** Share of the successful operations that leave a line. Failed ones always do. */
  sampling: { kind: 'share', default: 1 },
  /** Whether each modification of data leaves a line, whatever the level. */
  audit: { kind: 'flag', default: false },
  /** Parts whose steps are written at level `debug`, e.g. `clickhouse.connection, cache`. It lowers the level by itself. */
  debug: { kind: 'text', pattern: NAMES },
  /** File of the destination `file`. It is opened again at SIGHUP. */
  file: { kind: 'path', default: 'qtdal.log' },
  /** Log group and stream of the destination `cloudwatch`. */
  cloudwatch: {
    kind: 'group',
    settings: {
      /** Log group, which must exist. */
      group: { kind: 'text', required: true },
      /** Log stream, which is created when it is missing. Without it, the name of the host and the id of the process. */
      stream: { kind: 'text' },
      ...AWS_SETTINGS,
    },
    optional: true,
  },
} as const;

/** The settings of metrics, spans and logs. */
export const TELEMETRY_SETTINGS = {
  /**
   * Share of the reads answered by the memory of this process that leave lines and spans, before any other sampling: such a read takes a
   * microsecond, less than a line. Metrics count all of them.
   */
  memoryReadSampling: { kind: 'share', default: 0.0001 },
  /** Metrics. */
  metrics: { kind: 'group', settings: METRICS_SETTINGS },
  /** Spans. */
  traces: { kind: 'group', settings: TRACES_SETTINGS },
  /** Log lines. */
  logs: { kind: 'group', settings: LOGS_SETTINGS },
} as const;
