import type { CallOptions } from '@quantumtrade/dal-domain';
import { ValidationError } from '@quantumtrade/dal-domain';
import type { ContentOptions, PartitionContent, RestoreTarget } from '@quantumtrade/dal-domain/operations';
import { splitBlock } from '../codec/read/block-splitter.js';
import type { Sql } from '../connection/sql.js';
import type { ClickHouseSchemaController } from '../schema/schema-controller.js';
import { partitionsOf } from '../schema/partitions.js';
import { removeDatabase } from '../schema/scratch-databases.js';
import { BlockKeys, existingKeys, type StoredVersions } from '../write/block-keys.js';
import { decodeNativeBlock } from '../write/store-block.js';
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

  async replay(
    table: string,
    id: string,
    rows: number,
    block: Uint8Array,
    options: CallOptions = {},
  ): Promise<void> {
    const operation = 'restore.replay';
    this.#sql.checkOpen(operation, options);
    const { definition } = requireStoredTable(table, operation);
    if (!definition) throw new ValidationError('table', 'must be that of a record', { operation });
    const decoded = await decodeNativeBlock(block);
    if (decoded?.rowCount !== rows) {
      throw new ValidationError('block', 'is not a block of so many rows', { operation });
    }
    const keys = new BlockKeys(definition, [decoded]);
    const stored = await existingKeys(this.#sql, keys, operation, options);
    await this.#storeMissing(table, id, block, missingRows(keys, stored), options);
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

  /** Stores the rows that are marked as missing: the block where all are, otherwise its halves, and theirs. */
  async #storeMissing(
    table: string,
    token: string,
    bytes: Uint8Array,
    missing: readonly boolean[],
    options: CallOptions,
  ): Promise<void> {
    if (!missing.includes(true)) return;
    if (!missing.includes(false)) {
      const insert = { table, token, bytes, rowCount: missing.length, retried: true };
      await this.#sql.insert('restore.replay', insert, options);
      return;
    }
    let from = 0;
    for (const [n, half] of splitBlock(bytes).entries()) {
      const rows = missing.slice(from, from + half.rowCount);
      await this.#storeMissing(table, `${token}/${n}`, half.bytes, rows, options);
      from += half.rowCount;
    }
  }
}

/** Returns for each row whether the table lacks its key, or has it in an older version alone. */
const missingRows = (keys: BlockKeys, stored: StoredVersions): boolean[] =>
  Array.from(keys.rows(), ({ key, version }) => !(stored.get(key)! >= version));
