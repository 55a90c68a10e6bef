import type { BackendProbe, CallOptions, EndpointStatus, ServerCondition } from '@quantumtrade/dal-domain';
import { checkCall, ConnectionError, isDatabaseError } from '@quantumtrade/dal-domain';
import type { ServerStorage } from '@quantumtrade/dal-domain/operations';
import type { Cancel } from '@quantumtrade/dal-runtime';
import { ClusterSql } from '../cluster/cluster-sql.js';
import { ShardLayout } from '../cluster/shard-layout.js';
import type { ClickHouseSettings, CompleteSettings, EndpointSettings } from '../settings.js';
import { clientClosedError } from './connection-pool.js';
import { DatabaseSql } from './database-sql.js';
import { EndpointSet } from './endpoints/endpoint-set.js';
import { completeClickHouseSettings, completeEndpoints } from './settings.js';
import type { Sql } from './sql.js';

/** Connections to one server or several, for statements in any of their databases. */
export class ClickHouseClient implements BackendProbe {
  readonly system = 'clickhouse';
  /** Assignment of rows to the shards of the cluster. Undefined without a cluster. */
  readonly layout: ShardLayout | undefined;
  readonly #settings: CompleteSettings;
  readonly #endpoints: EndpointSet;
  readonly #stopWatching: Cancel | undefined;

  constructor(given: ClickHouseSettings) {
    this.#settings = completeClickHouseSettings(given);
    this.#endpoints = new EndpointSet(this.#settings);
    this.#stopWatching = this.#settings.password?.watch();
    const { cluster } = this.#settings;
    this.layout = cluster && new ShardLayout(cluster.layout);
  }

  /** Database of calls that name none. */
  get database(): string {
    return this.#settings.database;
  }

  /** The sharded cluster that the servers are of, if they are. */
  get cluster(): CompleteSettings['cluster'] {
    return this.#settings.cluster;
  }

  get maxInsertBlockSize(): number {
    return this.#settings.maxInsertBlockSize;
  }

  /** Limits that calls have unless they say otherwise. */
  get readDefaults(): Pick<CompleteSettings, 'defaultPageRows' | 'scanBudgetRows' | 'requestTimeoutMs'> {
    return this.#settings;
  }

  /** Returns statements in the tables that have all rows: those of the database, or the distributed ones of a cluster. */
  allTables(): Sql {
    const { cluster } = this;
    if (!cluster) return this.sql(this.database);
    return new ClusterSql(this.#endpoints, this.#settings, cluster, this.layout!);
  }

  /** Returns statements in one database of the server. */
  sql(database: string): Sql {
    return new DatabaseSql(this.#endpoints, database, this.#settings);
  }

  /** Resolves when one of the servers answers. */
  async ping(options?: CallOptions): Promise<void> {
    const operation = 'clickhouse.ping';
    if (options !== undefined) checkCall(options, operation);
    if (this.#endpoints.isClosed) throw clientClosedError(operation);
    try {
      await this.#endpoints.ping(operation, options);
    } catch (error) {
      if (!isDatabaseError(error) || error.code !== 'QUERY') throw error;
      throw new ConnectionError('the server cannot answer now', { operation, cause: error });
    }
  }

  async conditions(options: CallOptions = {}): Promise<readonly ServerCondition[]> {
    this.#checkOpen('clickhouse.condition', options);
    return this.#endpoints.conditions(this.database, options);
  }

  async storage(options: CallOptions = {}): Promise<readonly ServerStorage[]> {
    this.#checkOpen('storage.usage', options);
    return this.#endpoints.storage(this.database, options);
  }

  retryBalance(): number {
    return this.#endpoints.retryBudget.balance;
  }

  connectionCount(): number {
    return this.#endpoints.connectionCount;
  }

  endpoints(): readonly EndpointStatus[] {
    return this.#endpoints.status();
  }

  /** Without a cluster, no token names the server that answers for rows of several shards. */
  mayLag(): boolean {
    const shards = this.endpoints().map(({ shard }) => shard);
    const distinct = new Set(shards).size;
    const hasCopies = shards.length > distinct;
    return hasCopies && (this.cluster ? this.cluster.copies === 'replicated' : distinct === 1);
  }

  /**
   * Replaces the servers while calls go on. One that is removed finishes its calls within `drainTimeoutMs`. Throws `ValidationError`
   * naming a wrong endpoint.
   */
  updateEndpoints(endpoints: readonly EndpointSettings[]): void {
    if (this.#endpoints.isClosed) throw clientClosedError('clickhouse.updateEndpoints');
    this.#endpoints.update(
      completeEndpoints(endpoints, this.#settings.tls !== undefined, this.#settings.cluster),
    );
  }

  /** Gives calls under way `drainTimeoutMs` to end, then closes all connections. Waiting and later calls fail at once. */
  close(): Promise<void> {
    this.#stopWatching?.();
    return this.#endpoints.close();
  }

  #checkOpen(operation: string, options: CallOptions): void {
    checkCall(options, operation);
    if (this.#endpoints.isClosed) throw clientClosedError(operation);
  }
}
