import type { BackendProbe, CallOptions } from '@quantumtrade/dal-domain';
import { ConnectionError, isDatabaseError } from '@quantumtrade/dal-domain';
import type { ClickHouseSettings, CompleteSettings } from '../settings.js';
import { Admission } from './admission.js';
import { Control } from './control.js';
import type { ConnectionPool } from './call.js';
import { DatabaseSql } from './database-sql.js';
import { HttpDriver } from './driver/http-driver.js';
import { PinnedSettings } from './pinned-settings.js';
import { completeClickHouseSettings } from './settings.js';
import type { Sql } from './sql.js';

/** Database that exists on every server. */
const SYSTEM = 'system';
/** Kills and lookups of settings wait for each other only. */
const CONTROL_CONNECTIONS = 2;

/** Connections to one server, for statements in any of its databases. */
export class ClickHouseClient implements BackendProbe {
  readonly #settings: CompleteSettings;
  readonly #drivers: readonly HttpDriver[];
  readonly #queries: ConnectionPool;
  /** A ping has its own connection, so that it measures the server and not the queue. */
  readonly #pings: ConnectionPool;
  readonly #probe: Sql;
  readonly #control: Control;

  constructor(given: ClickHouseSettings) {
    const settings = completeClickHouseSettings(given);
    const { maxConnections, maxQueuedCalls: maxQueued, retry } = settings;
    const once = { ...settings, retry: { ...retry, maxAttempts: 1 } };
    const pinned = new PinnedSettings({ max_query_size: settings.maxQuerySize });
    const controls = new HttpDriver(settings, CONTROL_CONNECTIONS);
    const queries = new HttpDriver(settings, maxConnections, pinned);
    const pings = new HttpDriver(settings, 1, pinned);
    const admission = (capacity: number) => new Admission({ capacity, maxQueued, now: Date.now });
    const unpinned = { driver: controls, admission: admission(Infinity), isClosed: false };
    this.#control = new Control(new DatabaseSql(unpinned, SYSTEM, once));
    const shared = { pinned, control: this.#control };
    this.#settings = settings;
    this.#drivers = [queries, pings, controls];
    this.#queries = { ...shared, driver: queries, admission: admission(maxConnections), isClosed: false };
    this.#pings = { ...shared, driver: pings, admission: admission(Infinity), isClosed: false };
    this.#probe = new DatabaseSql(this.#pings, SYSTEM, once);
  }

  /** Database of calls that name none. */
  get database(): string {
    return this.#settings.database;
  }

  get maxInsertBlockSize(): number {
    return this.#settings.maxInsertBlockSize;
  }

  /** Limits that calls have unless they say otherwise. */
  get readDefaults(): Pick<CompleteSettings, 'defaultPageRows' | 'scanBudgetRows' | 'requestTimeoutMs'> {
    return this.#settings;
  }

  /** Returns statements in one database of the server. */
  sql(database: string): Sql {
    return new DatabaseSql(this.#queries, database, this.#settings);
  }

  async ping(options?: CallOptions): Promise<void> {
    const operation = 'clickhouse.ping';
    this.#probe.checkOpen(operation, options);
    try {
      await this.#probe.rows(operation, 'SELECT 1', undefined, options);
    } catch (error) {
      if (!isDatabaseError(error) || error.code !== 'QUERY') throw error;
      throw new ConnectionError('the server cannot answer now', { operation, cause: error });
    }
  }

  connectionCount(): number {
    return this.#drivers.reduce((sum, { connectionCount }) => sum + connectionCount, 0);
  }

  async close(): Promise<void> {
    this.#queries.isClosed = true;
    this.#pings.isClosed = true;
    this.#control.close();
    await Promise.all(this.#drivers.map((driver) => driver.close()));
  }
}
