import type { CallOptions } from '@quantumtrade/dal-domain';
import type {
  ContentOptions,
  PartitionContent,
  ReplayedBlock,
  RestoreTarget,
} from '@quantumtrade/dal-domain/operations';
import type { Sql } from '../connection/sql.js';
import type { ClickHouseSchemaController } from '../schema/schema-controller.js';
import { partitionsOf } from '../schema/partitions.js';
import { removeDatabase } from '../schema/scratch-databases.js';
import { replayBlocks } from './replay-blocks.js';
import { requireStoredTable } from './stored-tables.js';
import { columnsOf, readContent } from './table-content.js';

/** A database that is filled by a restore. */
export class SideDatabase implements RestoreTarget {
  readonly #sql: Sql;
  readonly #schema: ClickHouseSchemaController;
  readonly #tables: readonly string[];

  private constructor(sql: Sql, schema: ClickHouseSchemaController, tables: readonly string[]) {
    this.#sql = sql;
    this.#schema = schema;
    this.#tables = tables;
  }

  /** Stops the merges of its tables: they would remove older versions of rows before the content is compared. */
  static async open(
    sql: Sql,
    schema: ClickHouseSchemaController,
    tables: readonly string[],
    options: CallOptions,
  ): Promise<SideDatabase> {
    for (const table of tables) {
      await sql.command('restore.createTarget', `SYSTEM STOP MERGES ${table}`, {}, options);
    }
    return new SideDatabase(sql, schema, tables);
  }

  get database(): string {
    return this.#sql.database;
  }

  async store(
    table: string,
    id: string,
    rows: number,
    block: Uint8Array,
    options: CallOptions = {},
  ): Promise<void> {
    const operation = 'restore.store';
    this.#sql.checkOpen(operation, options);
    requireStoredTable(table, operation);
    const insert = { table, token: id, bytes: block, rowCount: rows, isZstd: true, retried: true };
    await this.#sql.insert(operation, insert, options);
  }

  async replay(table: string, blocks: readonly ReplayedBlock[], options: CallOptions = {}): Promise<void> {
    this.#sql.checkOpen('restore.replay', options);
    await replayBlocks(this.#sql, table, blocks, options);
  }

  async content(table: string, options: ContentOptions = {}): Promise<readonly PartitionContent[]> {
    const operation = 'restore.content';
    const { partitions, ...limits } = options;
    this.#sql.checkOpen(operation, limits);
    requireStoredTable(table, operation);
    const server = this.#sql.on('system');
    const columns = await columnsOf(server, this.database, table, operation, limits);
    const wanted = partitions ?? (await partitionsOf(server, this.database, table, operation, limits));
    return readContent(this.#sql, table, columns, wanted, operation, limits);
  }

  async migrate(options: CallOptions = {}): Promise<number> {
    this.#sql.checkOpen('restore.migrate', options);
    for (const table of this.#tables) {
      await this.#sql.command('restore.migrate', `SYSTEM START MERGES ${table}`, {}, options);
    }
    await this.#schema.initialize(options);
    return this.#schema.version(options);
  }

  async drop(options: CallOptions = {}): Promise<void> {
    this.#sql.checkOpen('restore.drop', options);
    await removeDatabase(this.#sql.on('system'), 'restore.drop', this.database);
  }
}
