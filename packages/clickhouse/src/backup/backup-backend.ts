import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import { requireWholeNumber, ValidationError } from '@quantumtrade/dal-domain';
import type { BackupBackend, DatabaseSnapshot, RestoreTarget } from '@quantumtrade/dal-domain/operations';
import { requireDatabaseName } from '@quantumtrade/dal-domain/operations';
import type { ClickHouseClient } from '../connection/clickhouse-client.js';
import type { Sql } from '../connection/sql.js';
import { ClickHouseSchemaController, type SchemaControllerOptions } from '../schema/schema-controller.js';
import { removeDatabase } from '../schema/scratch-databases.js';
import { DatabaseClone } from './database-clone.js';
import { promote } from './promotion.js';
import { SideDatabase } from './restore-target.js';
import { tablesAt } from './stored-tables.js';

/** Backups and restores of the database of `sql`. */
export class ClickHouseBackups implements BackupBackend {
  readonly #sql: Sql;
  readonly #probe: Pick<ClickHouseClient, 'endpoints'>;
  readonly #clock: TimeSource;
  readonly #schema: SchemaControllerOptions;

  constructor(
    sql: Sql,
    probe: Pick<ClickHouseClient, 'endpoints'>,
    clock: TimeSource,
    schema: SchemaControllerOptions,
  ) {
    this.#sql = sql;
    this.#probe = probe;
    this.#clock = clock;
    this.#schema = schema;
  }

  async snapshot(options: CallOptions = {}): Promise<DatabaseSnapshot> {
    const operation = 'backup.snapshot';
    this.#sql.checkOpen(operation, options);
    if (new Set(this.#probe.endpoints().map(({ shard }) => shard)).size > 1) {
      throw new ValidationError('endpoints', 'are of several shards; back up each shard by itself', {
        operation,
      });
    }
    return DatabaseClone.take(this.#sql, this.#clock, options);
  }

  async createTarget(
    database: string,
    schemaVersion: number,
    options: CallOptions = {},
  ): Promise<RestoreTarget> {
    const operation = 'restore.createTarget';
    const sql = this.#onlyServer(operation, options).on(requireDatabaseName('database', database, operation));
    requireWholeNumber('schemaVersion', schemaVersion, operation);
    const server = sql.on('system');
    const params = { database };
    const found = await server.rows(
      operation,
      'SELECT name FROM system.databases WHERE name = {database:String}',
      params,
      options,
    );
    if (found.length > 0) {
      throw new ValidationError('database', `the database ${database} exists already`, { operation });
    }
    await server.command(operation, 'CREATE DATABASE {database:Identifier}', params, options);
    const schema = new ClickHouseSchemaController(sql, this.#schema);
    try {
      await schema.migrate(schemaVersion, options);
      return await SideDatabase.open(sql, schema, tablesAt(schemaVersion), options);
    } catch (error) {
      await removeDatabase(server, operation, database).catch(() => undefined);
      throw error;
    }
  }

  async promote(database: string, keepAs: string, options: CallOptions = {}): Promise<void> {
    const operation = 'restore.promote';
    const sql = this.#onlyServer(operation, options);
    requireDatabaseName('database', database, operation);
    requireDatabaseName('keepAs', keepAs, operation);
    await promote(sql, database, keepAs, options);
  }

  /** Throws `ValidationError` for several servers: each has tables of its own. */
  #onlyServer(operation: string, options: CallOptions): Sql {
    this.#sql.checkOpen(operation, options);
    if (this.#probe.endpoints().length === 1) return this.#sql;
    throw new ValidationError('endpoints', 'must be one server, that which gets the restored tables', {
      operation,
    });
  }
}
