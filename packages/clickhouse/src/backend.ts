import type { TimeSource, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import {
  keysOf,
  requireClock,
  requireKnownKeys,
  requireObject,
  requireWholeNumber,
  ValidationError,
  systemClock,
  VersionClock,
} from '@quantumtrade/dal-domain';
import type { BlockArchive } from '@quantumtrade/dal-domain/operations';
import { ClickHouseBackups } from './backup/backup-backend.js';
import { clusterGuarantees } from './cluster/cluster-guarantees.js';
import { copyController } from './cluster/copies/copy-controller.js';
import { planClusterRetention } from './cluster/cluster-retention.js';
import { ClusterSchemaController } from './cluster/cluster-schema.js';
import type { ClusterServer } from './cluster/cluster-server.js';
import { ClickHouseClient } from './connection/clickhouse-client.js';
import type { ClickHouseSettings, EndpointSettings, RetentionSettings } from './settings.js';
import { guaranteeInspector } from './guarantees/inspector.js';
import { analytics } from './repositories/analytics.js';
import { checkpointRepository } from './repositories/checkpoints.js';
import { queryPlans } from './repositories/query-plans.js';
import { recordRepositories } from './repositories/records.js';
import { ClickHouseSchemaController } from './schema/schema-controller.js';
import { completeRetention, ttlsByTable } from './storage/retention.js';
import { planRetention } from './storage/retention-plan.js';
import { storageController } from './storage/storage-controller.js';
import { BlockArchiver } from './write/block-archiver.js';
import { NativeBlockWriter } from './write/block-writer.js';
import { RecordTables, RecordWriter } from './write/record-writer.js';

export interface ClickHouseBackendOptions {
  /** Time of batches without a time of their own. @default the system's clock */
  clock?: TimeSource;
  /** Batches dated further ahead of the clock are refused. @default 300,000 (milliseconds) */
  maxFutureSkewMs?: number | undefined;
  /** Every stored block is appended to it before its write is acknowledged. @default no archive */
  archive?: BlockArchive | undefined;
  /** Folder of the migrations. @default that of `@quantumtrade/dal-migrations` */
  migrationsDirectory?: string;
  /** Retention of old rows, for `storage.apply`. @default all rows are kept as they are */
  retention?: RetentionSettings | undefined;
}

const OPTIONS = keysOf<ClickHouseBackendOptions>({
  clock: true,
  maxFutureSkewMs: true,
  archive: true,
  migrationsDirectory: true,
  retention: true,
});
const OPERATION = 'clickhouse.connect';

/** A time-series backend on ClickHouse. */
export interface ClickHouseBackend extends TimeSeriesBackend {
  /**
   * Replaces the servers while calls go on. One that stays keeps its connections; one that is removed finishes its calls within
   * `drainTimeoutMs`. Throws `ValidationError` naming a wrong endpoint.
   */
  updateEndpoints(endpoints: readonly EndpointSettings[]): void;
}

/**
 * Creates the time-series backend on one ClickHouse server or several. Connects at the first call. Calls for data fail with `QueryError` until
 * `schema.initialize()` has created the tables. Throws `ValidationError` naming a wrong or unknown setting or option.
 */
export function connectClickHouse(
  settings: ClickHouseSettings,
  options: ClickHouseBackendOptions = {},
): ClickHouseBackend {
  requireKnownKeys(requireObject('options', options, OPERATION), OPTIONS, OPERATION);
  const { clock = systemClock, maxFutureSkewMs, archive, migrationsDirectory } = options;
  const retention = completeRetention(options.retention ?? {}, OPERATION);
  requireClock('clock', clock, OPERATION);
  requireWholeNumber('maxFutureSkewMs', maxFutureSkewMs, OPERATION);
  const client = new ClickHouseClient(settings);
  if (archive && client.cluster?.copies === 'replicated') {
    void client.close();
    const reason =
      'must be left out with replicated copies: their backups are not made as one, so that no restore could replay it';
    throw new ValidationError('archive', reason, { operation: OPERATION });
  }
  const sql = client.sql(client.database);
  const tables = client.allTables();
  const versions = new VersionClock(clock, maxFutureSkewMs);
  const records = new RecordTables(archive && new BlockArchiver(archive, clock), client.layout);
  const writer = new RecordWriter(tables, versions, client.maxInsertBlockSize, records);
  const blocks = new NativeBlockWriter(tables, versions, client.maxInsertBlockSize, records);
  const schemaOptions = {
    ttls: ttlsByTable(retention),
    ...(migrationsDirectory !== undefined && { migrationsDirectory }),
  };
  const { cluster } = client;
  const servers = () =>
    client.endpoints().map(({ name, shard }): ClusterServer => ({ name, shard, sql: sql.at(name) }));
  return {
    ...recordRepositories(tables, writer, client.readDefaults),
    analytics: analytics(tables, client.readDefaults),
    backups: new ClickHouseBackups(sql, client, servers, clock, schemaOptions),
    blocks: {
      collect: (record) => blocks.collect(record),
      write: (block, options) => blocks.write(block, options),
    },
    checkpoints: checkpointRepository(tables, versions),
    copies: copyController(sql, () => (cluster?.copies === 'written' ? servers() : []), clock),
    queryPlans: queryPlans(tables, client.readDefaults),
    schema: cluster
      ? new ClusterSchemaController(sql, servers, cluster, schemaOptions)
      : new ClickHouseSchemaController(sql, schemaOptions),
    storage: storageController(
      sql,
      (options) => client.storage(options),
      (operation, options) =>
        cluster
          ? planClusterRetention(servers(), cluster, retention, operation, options)
          : planRetention(sql, retention, operation, options),
    ),
    guarantees: cluster ? clusterGuarantees(sql, servers, cluster) : guaranteeInspector(sql),
    probe: client,
    ingested: () => records.ingested(),
    updateEndpoints: (endpoints) => client.updateEndpoints(endpoints),
  };
}
