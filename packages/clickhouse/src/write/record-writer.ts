import type {
  BatchResult,
  BatchVersion,
  CallOptions,
  IngestedRows,
  RecordBatches,
  RecordDefinition,
  RecordName,
  RowError,
  VersionClock,
} from '@quantumtrade/dal-domain';
import {
  drawVersion,
  isDatabaseError,
  prepareRowBatch,
  readEnvelope,
  records,
  requireRecord,
  settleVersion,
  toWriteToken,
} from '@quantumtrade/dal-domain';
import { allOf } from '@quantumtrade/dal-runtime';
import type { BatchAppend, BlockBuilder, NativeBlock } from '../codec/block-builder.js';
import { BlockEncoder } from '../codec/block-encoder.js';
import type { ShardLayout } from '../cluster/shard-layout.js';
import type { Sql } from '../connection/sql.js';
import type { BlockArchiver } from './block-archiver.js';
import type { RowCounts } from './block-keys.js';
import { BlockKeys, countRows, existingKeys, keyColumnsOf } from './block-keys.js';
import type { InFlightWrite } from './in-flight.js';
import { InFlightWrites, waitWithin } from './in-flight.js';
import { BlockStore, StoredRows } from './store-block.js';

/** The writes into the table of one record. */
export interface RecordTable {
  readonly definition: RecordDefinition;
  readonly operation: string;
  readonly encoder: BlockEncoder;
  /** Builder that no insert uses at the moment. */
  idleBuilder: BlockBuilder | undefined;
  readonly keyColumns: readonly string[];
  readonly store: BlockStore;
  readonly inserts: InFlightWrites;
  readonly blockWrites: InFlightWrites;
}

/** The table of each record. */
export class RecordTables {
  readonly #tables = new Map<RecordName, RecordTable>();
  readonly #archiver: BlockArchiver | undefined;
  /** Layout of the cluster; undefined where there is one shard. */
  readonly layout: ShardLayout | undefined;

  constructor(archiver?: BlockArchiver, layout?: ShardLayout) {
    this.#archiver = archiver;
    this.layout = layout;
  }

  of(record: RecordName): RecordTable {
    let table = this.#tables.get(record);
    if (!table) {
      table = createTable(requireRecord(record, 'blocks.collect'), this.#archiver, this.layout);
      this.#tables.set(record, table);
    }
    return table;
  }

  /** Returns what was stored in each table that was used. */
  ingested(): IngestedRows[] {
    return [...this.#tables].map(([record, { store }]) => ({ record, ...store.stored }));
  }
}

const createTable = (
  definition: RecordDefinition,
  archiver: BlockArchiver | undefined,
  layout: ShardLayout | undefined,
): RecordTable => ({
  definition,
  operation: `${definition.name}.insert`,
  encoder: new BlockEncoder(definition, { writtenAt: { kind: 'version' } }, layout?.sharding(definition)),
  idleBuilder: undefined,
  keyColumns: keyColumnsOf(definition),
  store: new BlockStore(definition, archiver),
  inserts: new InFlightWrites(),
  blockWrites: new InFlightWrites(),
});

/** Blocks of one shard and different months, which may be stored at the same time. */
interface ShardBlocks {
  readonly shard: number;
  readonly blocks: readonly NativeBlock[];
  readonly keys: BlockKeys;
}

interface EncodedBatch {
  /** Blocks of the different shards; a later group is stored only after an earlier one. */
  readonly groups: readonly (readonly ShardBlocks[])[];
  readonly rowCount: number;
  readonly errors: RowError[];
  readonly roundedCount: number;
}

/** Inserts batches of any record and counts their rows. */
export class RecordWriter {
  readonly #sql: Sql;
  readonly #versions: VersionClock;
  readonly #maxBlockRows: number;
  readonly #tables: RecordTables;

  /** Batches of more than `maxBlockRows` are stored in several inserts. */
  constructor(sql: Sql, versions: VersionClock, maxBlockRows: number, tables: RecordTables) {
    this.#sql = sql;
    this.#versions = versions;
    this.#maxBlockRows = maxBlockRows;
    this.#tables = tables;
  }

  /**
   * Stores the rows of a batch and counts them by looking up, right before, which keys were there in which version, and by the
   * inserts that were called before and are still in progress. Each insert is sent again while its error is retryable, and is
   * stored once. When it fails half way, the error says how many rows are surely stored; the batch may be sent again as a
   * whole.
   */
  async insert<N extends RecordName>(
    record: N,
    batch: RecordBatches[N],
    options?: CallOptions,
  ): Promise<BatchResult> {
    const started = performance.now();
    const table = this.#tables.of(record);
    this.#sql.checkOpen(table.operation, options);
    const version = drawVersion(record, batch, this.#versions);
    const { groups, rowCount, errors, roundedCount } = this.#encode(table, record, batch, version);
    const writes = table.inserts.begin(groups.flat().map(({ keys }) => keys));
    const progress = new StoredRows();
    let insertedCount = 0;
    let supersededCount = 0;
    let begun = 0;
    try {
      for (const group of groups) {
        const inserts = group.map((blocks) =>
          this.#insertBlocks(table, blocks, writes[begun++]!, progress, options),
        );
        for (const { inserted, superseded } of await allOf(inserts)) {
          insertedCount += inserted;
          supersededCount += superseded;
        }
      }
    } catch (error) {
      for (const write of writes) write.end(false);
      if (progress.stored > 0) addProgress(error, progress.stored, rowCount);
      throw error;
    }
    settleVersion(version, this.#versions);
    return {
      insertedCount,
      updatedCount: rowCount - insertedCount,
      supersededCount,
      failedCount: errors.length,
      roundedCount,
      executionTimeMs: performance.now() - started,
      errors,
      writeToken: toWriteToken(progress.writes),
    };
  }

  /** Stores the blocks of one shard and counts their rows. */
  async #insertBlocks(
    { operation, store }: RecordTable,
    { shard, blocks, keys }: ShardBlocks,
    write: InFlightWrite,
    progress: StoredRows,
    options: CallOptions | undefined,
  ): Promise<RowCounts> {
    const sql = progress.stored > 0 ? this.#sql.continuing : this.#sql;
    const existing = await existingKeys(sql.shard(shard), keys, operation, options);
    write.endLookup();
    const earlier = write.hasEarlier ? await write.conflicts() : [];
    if (earlier.length > 0) {
      await waitWithin(
        operation,
        options,
        earlier.map((each) => each.lookedUp()),
      );
    }
    await store.storeAll(this.#sql.continuing, blocks, options, progress);
    write.end(true);
    if (earlier.length === 0) return countRows(keys, [existing]);
    const sent = await waitWithin(
      operation,
      options,
      earlier.map((each) => each.storedVersions()),
    );
    return countRows(keys, [existing, ...sent]);
  }

  /** Encodes a batch in blocks of bounded size. */
  #encode<N extends RecordName>(
    table: RecordTable,
    record: N,
    batch: RecordBatches[N],
    version: BatchVersion,
  ): EncodedBatch {
    const read = readRowBatch(record, batch, version);
    const builder = table.idleBuilder ?? table.encoder.builder();
    table.idleBuilder = undefined;
    const groups: ShardBlocks[][] = [];
    let { errors, roundedCount } = read;
    let rowCount = 0;
    for (let from = 0; from < read.rowCount; from += this.#maxBlockRows) {
      const appended = read.append(builder, from, from + this.#maxBlockRows).complete();
      errors = errors.concat(appended.errors);
      roundedCount += appended.roundedCount;
      const blocks = builder.finish({ keyColumns: table.keyColumns });
      if (blocks.length === 0) continue;
      for (const block of blocks) rowCount += block.rowCount;
      groups.push(byShard(table.definition, blocks));
    }
    table.idleBuilder = builder;
    return { groups, rowCount, errors: [...errors], roundedCount };
  }
}

/** Returns the blocks of each shard. */
function byShard(definition: RecordDefinition, blocks: readonly NativeBlock[]): ShardBlocks[] {
  const shards = [...new Set(blocks.map(({ shard }) => shard))];
  return shards.map((shard) => {
    const own = shards.length === 1 ? blocks : blocks.filter((block) => block.shard === shard);
    const keys = new BlockKeys(
      definition,
      own.map(({ keyedRows }) => keyedRows!),
    );
    return { shard, blocks: own, keys };
  });
}

/** Adds to an error how many rows of the batch are stored. */
function addProgress(error: unknown, stored: number, all: number): void {
  if (!isDatabaseError(error)) return;
  error.message += `; at least ${stored} of ${all} rows are stored, and the batch can be sent again`;
}

/** A batch whose members are read. */
export interface ReadBatch {
  /** Rows that are refused already. The builder refuses none of the others then. */
  readonly errors: readonly RowError[];
  /** Rows that are rounded already. */
  readonly roundedCount: number;
  /** Appends the rows `from` up to `to`, by default all of them. */
  append(builder: BlockBuilder, from?: number, to?: number): BatchAppend;
}

interface ReadRowBatch extends ReadBatch {
  readonly rowCount: number;
}

const NO_ERRORS: readonly RowError[] = [];

/**
 * Reads a batch of rows. Rows are not checked here but while they are encoded, unless the domain makes them from the batch.
 * Throws `ValidationError` when the batch itself is wrong, as the domain does.
 */
export function readRowBatch<N extends RecordName>(
  record: N,
  batch: RecordBatches[N],
  version: BatchVersion,
): ReadRowBatch {
  const definition: RecordDefinition = records[record];
  if (definition.batch.form !== 'rows' || definition.batch.derivedId) {
    const { rows, errors, roundedCount } = prepareRowBatch(record, batch, version);
    return {
      rowCount: rows.length,
      errors,
      roundedCount,
      append: (builder, from, to) => builder.appendCanonicalRows(rows, from, to),
    };
  }
  const { rows, labels, rounding, keys } = readEnvelope(definition, batch);
  const constants = { ...labels, writtenAt: version };
  return {
    rowCount: rows.length,
    errors: NO_ERRORS,
    roundedCount: 0,
    append(builder, from, to) {
      return builder.appendRows(rows, { constants, keys, rounding, from, to });
    },
  };
}
