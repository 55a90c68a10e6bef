import type { BackendProbe, CallOptions } from '@quantumtrade/dal-domain';
import { ConnectionError, isDatabaseError } from '@quantumtrade/dal-domain';
import type { ClickHouseSettings, CompleteSettings } from '../settings.js';
import { Admission } from './admission.js';
import { Control } from './control.js';
import type { ConnectionPool } from './database-sql.js';
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

  constructor(given: ClickHouseSettings) {
    const settings = completeClickHouseSettings(given);
    const { maxConnections, maxQueuedCalls: maxQueued, retry } = settings;
    const pinned = new PinnedSettings({ max_query_size: settings.maxQuerySize });
    const controls = new HttpDriver(settings, CONTROL_CONNECTIONS);
    const queries = new HttpDriver(settings, maxConnections, pinned);
    const pings = new HttpDriver(settings, 1, pinned);
    const control = new Control(controls);
    const poolOf = (driver: HttpDriver, capacity: number): ConnectionPool => ({
      driver,
      admission: new Admission({ capacity, maxQueued, now: Date.now }),
      pinned,
      control,
      isClosed: false,
    });
    this.#settings = settings;
    this.#drivers = [queries, pings, controls];
    this.#queries = poolOf(queries, maxConnections);
    this.#pings = poolOf(pings, Infinity);
    this.#probe = new DatabaseSql(this.#pings, SYSTEM, { ...settings, retry: { ...retry, maxAttempts: 1 } });
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
    for (const pool of [this.#queries, this.#pings]) {
      pool.isClosed = true;
      pool.control.close();
    }
    await Promise.all(this.#drivers.map((driver) => driver.close()));
  }
}
