import { SERVER, STORE_METRICS } from './store-metrics.js';

/** Definition of one metric, after the OpenTelemetry conventions for databases where they have one. */
export interface MetricDefinition {
  /**
   * `counter`: a sum since the start, which only grows. `gauge`: a value of the moment. `histogram`: the durations since the start
   * by their size.
   */
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** Unit in the notation of UCUM: `s`, `By`, `1` for a ratio, `{row}` for a number of things. */
  readonly unit: string;
  readonly description: string;
  /** Attributes that a point may have. One without a value is left out. */
  readonly attributes: readonly string[];
}

const POOL = ['db.client.connection.pool.name'] as const;

/** All metrics by name. Exporters, documentation, alert rules and dashboards follow from this list. */
export const METRICS = {
  'db.client.operation.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Duration of the operations of the data layer, those included that the cache answers.',
    attributes: ['db.system.name', 'db.operation.name', 'error.type'],
  },
  'quantumtrade.dal.operation.errors': {
    kind: 'counter',
    unit: '{error}',
    description: 'Operations that failed, by the code of their error.',
    attributes: ['db.system.name', 'db.operation.name', 'error.type'],
  },
  'db.client.connection.count': {
    kind: 'gauge',
    unit: '{connection}',
    description: 'Open connections, by whether they carry a call (`used`) or not (`idle`).',
    attributes: [...POOL, 'db.client.connection.state'],
  },
  'db.client.connection.max': {
    kind: 'gauge',
    unit: '{connection}',
    description: 'Calls that are served at once now.',
    attributes: POOL,
  },
  'db.client.connection.pending_requests': {
    kind: 'gauge',
    unit: '{request}',
    description: 'Calls that wait for a connection.',
    attributes: POOL,
  },
  'quantumtrade.dal.connection.wait_time': {
    kind: 'counter',
    unit: 's',
    description: 'Time that calls have waited for a connection, summed.',
    attributes: POOL,
  },
  'quantumtrade.dal.cache.requests': {
    kind: 'counter',
    unit: '{request}',
    description: 'Reads of each level of the cache, by whether it had the value.',
    attributes: ['quantumtrade.dal.cache.level', 'quantumtrade.dal.cache.result'],
  },
  'quantumtrade.dal.cache.loads': {
    kind: 'counter',
    unit: '{load}',
    description: 'Loads of values that no level of the cache had.',
    attributes: [],
  },
  'quantumtrade.dal.cache.degraded_loads': {
    kind: 'counter',
    unit: '{load}',
    description: 'Loads because the second level did not answer.',
    attributes: [],
  },
  'quantumtrade.dal.cache.failures': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls of the second level that failed or took too long.',
    attributes: [],
  },
  'quantumtrade.dal.cache.entries': {
    kind: 'gauge',
    unit: '{value}',
    description: 'Values on the first level.',
    attributes: [],
  },
  'quantumtrade.dal.cache.size': {
    kind: 'gauge',
    unit: 'By',
    description: 'Approximate size of the values on the first level.',
    attributes: [],
  },
  'quantumtrade.dal.cache.invalidations.connected': {
    kind: 'gauge',
    unit: '{connection}',
    description: '1 while invalidations by other processes are received, else 0.',
    attributes: [],
  },
  'quantumtrade.dal.ingest.rows': {
    kind: 'counter',
    unit: '{row}',
    description: 'Rows that the store has confirmed as stored.',
    attributes: ['quantumtrade.dal.record'],
  },
  'quantumtrade.dal.ingest.size': {
    kind: 'counter',
    unit: 'By',
    description: 'Encoded bytes of these rows, as they were sent.',
    attributes: ['quantumtrade.dal.record'],
  },
  ...STORE_METRICS,
  'quantumtrade.dal.writer.pending': {
    kind: 'gauge',
    unit: 'By',
    description: 'Bytes in the buffers of batch writers and of their blocks in flight.',
    attributes: [],
  },
  'quantumtrade.dal.journal.depth': {
    kind: 'gauge',
    unit: '{block}',
    description: 'Blocks in the journal that are possibly not stored yet.',
    attributes: [],
  },
  'quantumtrade.dal.journal.age': {
    kind: 'gauge',
    unit: 's',
    description: 'Age of the oldest of these blocks; 0 while there is none.',
    attributes: [],
  },
  'quantumtrade.dal.journal.paused': {
    kind: 'gauge',
    unit: '{writer}',
    description: 'Batch writers whose journal the store refuses until the cause is fixed.',
    attributes: [],
  },
  'quantumtrade.dal.archive.depth': {
    kind: 'gauge',
    unit: '{block}',
    description: 'Stored blocks that are on this machine and not in the object store yet.',
    attributes: [],
  },
  'quantumtrade.dal.archive.age': {
    kind: 'gauge',
    unit: 's',
    description:
      'Age of the oldest of these blocks, the recovery point of a loss of this machine; 0 while there is none.',
    attributes: [],
  },
  'quantumtrade.dal.backup.problems': {
    kind: 'gauge',
    unit: '{problem}',
    description: 'Reasons why the backups cannot be relied on; a store that cannot be read is one.',
    attributes: [],
  },
  'quantumtrade.dal.backup.age': {
    kind: 'gauge',
    unit: 's',
    description: 'Age of the newest verified backup; missing while there is none.',
    attributes: [],
  },
  'quantumtrade.dal.backup.copy.age': {
    kind: 'gauge',
    unit: 's',
    description:
      'Age of the latest instant that can be restored from the second store, the recovery point of a loss of the first; missing while nothing was copied.',
    attributes: [],
  },
  'quantumtrade.dal.backup.drill.age': {
    kind: 'gauge',
    unit: 's',
    description: 'Age of the last restore drill; missing while there was none.',
    attributes: [],
  },
  'quantumtrade.dal.backup.drill.duration': {
    kind: 'gauge',
    unit: 's',
    description: 'Duration of the last restore drill, the recovery time of a restore.',
    attributes: [],
  },
  'quantumtrade.dal.backup.drill.passed': {
    kind: 'gauge',
    unit: '1',
    description: 'Whether the last restore drill passed: 1 or 0.',
    attributes: [],
  },
  'quantumtrade.dal.dead_letters': {
    kind: 'gauge',
    unit: '{block}',
    description: 'Blocks that the store refused for good, damaged ones included.',
    attributes: [],
  },
  'quantumtrade.dal.transactions.pending': {
    kind: 'gauge',
    unit: '{transaction}',
    description: 'Committed transactions that are possibly not applied yet.',
    attributes: [],
  },
  'quantumtrade.dal.breaker.state': {
    kind: 'gauge',
    unit: '{breaker}',
    description: '1 for the state that a breaker is in (`closed`, `open`, `half-open`), 0 for the others.',
    attributes: ['quantumtrade.dal.breaker', 'quantumtrade.dal.breaker.state'],
  },
  'quantumtrade.dal.endpoint.state': {
    kind: 'gauge',
    unit: '{endpoint}',
    description:
      '1 for the state that an endpoint is in (`healthy`, `ejected`, `probation`), 0 for the others.',
    attributes: [...SERVER, 'quantumtrade.dal.endpoint.role', 'quantumtrade.dal.endpoint.state'],
  },
  'quantumtrade.dal.endpoint.ejections': {
    kind: 'gauge',
    unit: '{ejection}',
    description: 'Recent ejections of an endpoint.',
    attributes: SERVER,
  },
  'quantumtrade.dal.orphan.duration': {
    kind: 'counter',
    unit: 's',
    description: 'Time that queries went on, or may have, after their callers had left them, summed.',
    attributes: SERVER,
  },
  'quantumtrade.dal.orphan.queries': {
    kind: 'gauge',
    unit: '{query}',
    description: 'Queries that their callers left and whose end the server has not confirmed.',
    attributes: SERVER,
  },
  'quantumtrade.dal.retry_budget.balance': {
    kind: 'gauge',
    unit: '{retry}',
    description: 'Retries that may be made now.',
    attributes: ['db.system.name'],
  },
  'quantumtrade.dal.rate_limiter.without_store': {
    kind: 'counter',
    unit: '{decision}',
    description: 'Decisions of the rate limiter, `allow` or `deny`, while its store was unavailable.',
    attributes: ['quantumtrade.dal.rate_limiter.decision'],
  },
  'quantumtrade.dal.backend.up': {
    kind: 'gauge',
    unit: '{backend}',
    description: '1 while the store or the cache answers, else 0.',
    attributes: ['quantumtrade.dal.backend', 'db.system.name'],
  },
  'quantumtrade.dal.ready': {
    kind: 'gauge',
    unit: '{process}',
    description: '1 while the data layer serves calls, else 0.',
    attributes: [],
  },
  'quantumtrade.dal.degradations': {
    kind: 'gauge',
    unit: '{reason}',
    description: 'Reasons for which the data layer works worse than it could.',
    attributes: [],
  },
  'quantumtrade.dal.schema.pending_migrations': {
    kind: 'gauge',
    unit: '{migration}',
    description: 'Migrations of this release that are not applied.',
    attributes: [],
  },
  'quantumtrade.dal.telemetry.failures': {
    kind: 'counter',
    unit: '{export}',
    description: 'Exports of metrics, spans or log lines that failed.',
    attributes: ['quantumtrade.dal.exporter'],
  },
  'quantumtrade.dal.telemetry.dropped': {
    kind: 'counter',
    unit: '{line}',
    description:
      'Log lines that were dropped because their queue was full or their destination refused them.',
    attributes: ['quantumtrade.dal.exporter'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;
