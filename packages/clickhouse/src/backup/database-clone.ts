import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import {
  checkCall,
  CALL_OPTIONS,
  MigrationError,
  QueryError,
  ValidationError,
} from '@quantumtrade/dal-domain';
import type {
  ContentOptions,
  DatabaseSnapshot,
  PartitionContent,
  SnapshotBlock,
  SnapshotPart,
  SnapshotTable,
} from '@quantumtrade/dal-domain/operations';
import type { Sql } from '../connection/sql.js';
import { History } from '../schema/history.js';
import { createScratchDatabase, removeDatabase } from '../schema/scratch-databases.js';
import { plainEngine } from './plain-engine.js';
import { tablesAt } from './stored-tables.js';
import { columnsOf, readContent } from './table-content.js';

const OPERATION = 'backup.snapshot';
/** A snapshot of a process that died keeps the storage of parts that were merged since. A backup and a drill end within a day. */
export const CLONES = {
  operation: OPERATION,
  prefix: 'qtdal_snapshot',
  others: ['qtdal_drill'],
  abandonedAfterS: 86_400,
};

interface ClonedPart extends SnapshotPart {
  /** Whether a lightweight deletion hides rows of it. */
  readonly hidesRows: boolean;
}

interface ClonedTable extends SnapshotTable {
  readonly parts: readonly ClonedPart[];
}

/**
 * A snapshot as a database with clones of the tables: hard links to their parts, which are not merged. All of it is read from the server
 * that holds the clones.
 */
export class DatabaseClone implements DatabaseSnapshot {
  readonly startedAt: Date;
  readonly completedAt: Date;
  readonly database: string;
  readonly schemaVersion: number;
  readonly serverVersion: string;
  readonly tables: readonly ClonedTable[];
  readonly #sql: Sql;
  #isReleased = false;

  private constructor(
    sql: Sql,
    state: Omit<DatabaseSnapshot, 'tables' | 'content' | 'read' | 'release'>,
    tables: readonly ClonedTable[],
  ) {
    this.startedAt = state.startedAt;
    this.completedAt = state.completedAt;
    this.database = state.database;
    this.schemaVersion = state.schemaVersion;
    this.serverVersion = state.serverVersion;
    this.tables = tables;
    this.#sql = sql;
  }

  /** Clones the tables of the database of `sql`, on the server that takes its writes. */
  static async take(sql: Sql, clock: TimeSource, options: CallOptions): Promise<DatabaseClone> {
    const { database } = sql;
    const startedAt = new Date(clock.now());
    const tally = { rows: 0, bytes: 0, server: { name: '', shard: '' } };
    const [version] = await sql
      .on('system')
      .rows<{ serverVersion: string }>(OPERATION, 'SELECT version() AS serverVersion', {}, options, tally);
    const server = sql.on('system').at(tally.server.name);
    const history = new History(server, database);
    const schemaVersion = await settledVersion(history, options);
    const clone = await createScratchDatabase(server, CLONES, options);
    try {
      for (const table of tablesAt(schemaVersion)) await cloneTable(server, database, clone, table, options);
      const completedAt = new Date(clock.now());
      if ((await settledVersion(history, options)) !== schemaVersion) throw migratedMeanwhile(schemaVersion);
      const tables: ClonedTable[] = [];
      for (const table of tablesAt(schemaVersion)) tables.push(await describe(server, clone, table, options));
      const state = { database, startedAt, completedAt, schemaVersion, ...version! };
      return new DatabaseClone(server.on(clone), state, tables);
    } catch (error) {
      await removeDatabase(server, OPERATION, clone).catch(() => undefined);
      throw error;
    }
  }

  async content(name: string, options: ContentOptions = {}): Promise<readonly PartitionContent[]> {
    const operation = 'backup.content';
    const { partitions, ...limits } = options;
    this.#checkOpen(operation, limits);
    const { columns, parts } = this.#table(name, operation);
    const found = new Set(parts.map(({ partition }) => partition));
    const wanted = partitions?.filter((partition) => found.has(partition)) ?? [...found];
    return readContent(this.#sql, name, columns, wanted, operation, limits);
  }

  async read(
    name: string,
    partName: string,
    from: number,
    to: number,
    options: CallOptions = {},
  ): Promise<SnapshotBlock> {
    const operation = 'backup.read';
    this.#checkOpen(operation, options);
    const part = this.#table(name, operation).parts.find((each) => each.name === partName);
    if (!part) throw new ValidationError('part', 'must be a part of the table', { operation });
    const query = `SELECT * FROM ${name}
      WHERE _part = {part:String} AND _part_offset >= {from:UInt64} AND _part_offset < {to:UInt64}
      SETTINGS max_threads = 1`;
    const params = { part: partName, from, to };
    const { rowCount, bytes } = await this.#sql.compressed(operation, query, params, options);
    const expected = Math.min(to, part.rows) - from;
    if (rowCount === expected || (part.hidesRows && rowCount < expected)) return { rows: rowCount, bytes };
    const reason = `${rowCount} of ${expected} rows of a part of ${name} can be read; a row policy may hide the others`;
    throw new QueryError(query, reason, { operation });
  }

  async release(): Promise<void> {
    if (this.#isReleased) return;
    await removeDatabase(this.#sql.on('system'), OPERATION, this.#sql.database);
    this.#isReleased = true;
  }

  #checkOpen(operation: string, options: CallOptions): void {
    checkCall(options, operation, CALL_OPTIONS);
    if (this.#isReleased) throw new ValidationError('snapshot', 'has been released', { operation });
  }

  #table(name: string, operation: string): ClonedTable {
    const table = this.tables.find((each) => each.table === name);
    if (table) return table;
    throw new ValidationError('table', 'must be a table of the snapshot', { operation });
  }
}

/** Returns the version of the schema. Throws `MigrationError` where there is none, or a migration is under way. */
async function settledVersion(history: History, options: CallOptions): Promise<number> {
  const { version, unfinished } = await history.read(options);
  const [open] = unfinished;
  if (open) throw migratedMeanwhile(open.version);
  if (version > 0) return version;
  throw new MigrationError(0, 'the database has no schema that could be backed up', { operation: OPERATION });
}

const migratedMeanwhile = (version: number): MigrationError =>
  new MigrationError(version, 'the schema is being migrated; back up afterwards', {
    operation: OPERATION,
    retryable: true,
  });

/**
 * Clones a table, with merges stopped before it has a part. The clone of a replicated table is a plain one: it needs no replicas.
 */
async function cloneTable(
  server: Sql,
  from: string,
  to: string,
  table: string,
  options: CallOptions,
): Promise<void> {
  const [found] = await server.rows<{ engine: string }>(
    OPERATION,
    'SELECT engine_full AS engine FROM system.tables WHERE database = {from:String} AND name = {table:String}',
    { from, table },
    options,
  );
  const engine = plainEngine(found?.engine ?? '');
  if (engine === undefined) {
    const reason = found
      ? `${table} keeps no rows on this server; back up the servers that do`
      : `${table} is missing`;
    throw new QueryError(`CLONE ${table}`, reason, { operation: OPERATION });
  }
  const source = server.on(from);
  const copy = `{to:Identifier}.${table}`;
  for (const statement of [
    // The name behind AS cannot be bound.
    `CREATE TABLE ${copy} ENGINE = ${engine} AS ${table}`,
    `SYSTEM STOP MERGES ${copy}`,
    `ALTER TABLE ${copy} ATTACH PARTITION ALL FROM ${table}`,
  ]) {
    await source.command(OPERATION, statement, { to }, options);
  }
}

async function describe(
  server: Sql,
  database: string,
  table: string,
  options: CallOptions,
): Promise<ClonedTable> {
  const columns = await columnsOf(server, database, table, OPERATION, options);
  const parts = await server.rows<Omit<ClonedPart, 'rows' | 'bytes' | 'hidesRows'> & Record<string, unknown>>(
    OPERATION,
    `SELECT name, partition_id AS partition, rows, data_uncompressed_bytes AS bytes,
       hash_of_all_files AS hash, has_lightweight_delete AS hidesRows
     FROM system.parts WHERE database = {database:String} AND table = {table:String} AND active
     ORDER BY partition, min_block_number`,
    { database, table },
    options,
  );
  return {
    table,
    columns,
    parts: parts.map(({ name, partition, hash, rows, bytes, hidesRows }) => ({
      name,
      partition,
      hash,
      rows: Number(rows),
      bytes: Number(bytes),
      hidesRows: Boolean(hidesRows),
    })),
  };
}
