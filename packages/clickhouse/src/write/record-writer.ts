import type {
  BatchResult,
  BatchVersion,
  BlockCollector,
  BlockReceipt,
  CallOptions,
  EncodedBlock,
  RecordBatches,
  RecordDefinition,
  RecordName,
  RowError,
  VersionClock,
  WriteBlockOptions,
} from '@quantumtrade/dal-domain';
import {
  drawVersion,
  isDatabaseError,
  NOT_COUNTED,
  requireBlock,
  requireRecord,
  requireType,
  settleVersion,
  supersededRows,
  ValidationError,
  WRITE_BLOCK_OPTIONS,
} from '@quantumtrade/dal-domain';
import type { BlockBuilder, NativeBlock } from '../codec/block-builder.js';
import type { KeyedRows } from '../codec/block-columns.js';
import { BlockEncoder } from '../codec/block-encoder.js';
import type { Sql } from '../connection/sql.js';
import { NativeBlockCollector } from './block-collector.js';
import type { RowCounts } from './block-keys.js';
import { BlockKeys, countRows, existingKeys, keyColumnsOf } from './block-keys.js';
import { BlockMemory } from './block-memory.js';
import type { InFlightWrite } from './in-flight.js';
import { InFlightWrites, waitWithin } from './in-flight.js';
import { readRowBatch } from './read-batch.js';
import type { StoredRows } from './store-block.js';
import { BlockStore, decodeNativeBlock } from './store-block.js';

/** The writes into the table of one record. */
interface RecordTable {
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

interface EncodedBatch {
  /** Blocks of different months, which may be stored at the same time; a later group only after an earlier one. */
  readonly groups: readonly (readonly NativeBlock[])[];
  /** The keys of each group. */
  readonly keys: readonly BlockKeys[];
  readonly rowCount: number;
  readonly errors: RowError[];
  readonly roundedCount: number;
}

/**
 * Encodes batches of any record and stores them. A block is one partition of a batch or of many; it is stored as a whole or
 * not at all, and once, by the token that is its id.
 */
export class RecordWriter {
  readonly #sql: Sql;
  readonly #versions: VersionClock;
  readonly #maxBlockRows: number;
  readonly #tables = new Map<RecordName, RecordTable>();
  readonly #memory = new BlockMemory();
  /** Bytes that were sent, and are not known to be stored. */
  readonly #inDoubt = new WeakSet<Uint8Array>();

  /** Blocks of more than `maxBlockRows` are stored in several inserts. */
  constructor(sql: Sql, versions: VersionClock, maxBlockRows: number) {
    this.#sql = sql;
    this.#versions = versions;
    this.#maxBlockRows = maxBlockRows;
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
    const table = this.#table(record);
    this.#sql.checkOpen(table.operation, options);
    const version = drawVersion(record, batch, this.#versions);
    const { groups, keys, rowCount, errors, roundedCount } = this.#encode(table, record, batch, version);
    const writes = table.inserts.begin(keys);
    const progress = { stored: 0 };
    let insertedCount = 0;
    let supersededCount = 0;
    try {
      for (const [n, write] of writes.entries()) {
        const counts = await this.#insertGroup(table, groups[n]!, keys[n]!, write, progress, options);
        insertedCount += counts.inserted;
        supersededCount += counts.superseded;
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
    };
  }

  /** Stores the blocks of one group and counts their rows. */
  async #insertGroup(
    { operation, store }: RecordTable,
    blocks: readonly NativeBlock[],
    keys: BlockKeys,
    write: InFlightWrite,
    progress: StoredRows,
    options: CallOptions | undefined,
  ): Promise<RowCounts> {
    const sql = progress.stored > 0 ? this.#sql.continuing : this.#sql;
    const existing = await existingKeys(sql, keys, operation, options);
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
    const groups: NativeBlock[][] = [];
    const keys: BlockKeys[] = [];
    let { errors, roundedCount } = read;
    let rowCount = 0;
    for (let from = 0; from < read.rowCount; from += this.#maxBlockRows) {
      const appended = read.append(builder, from, from + this.#maxBlockRows).complete();
      errors = errors.concat(appended.errors);
      roundedCount += appended.roundedCount;
      const blocks = builder.finish({ keyColumns: table.keyColumns });
      if (blocks.length === 0) continue;
      const keyedRows: KeyedRows[] = [];
      for (const block of blocks) {
        rowCount += block.rowCount;
        keyedRows.push(block.keyedRows!);
      }
      groups.push(blocks);
      keys.push(new BlockKeys(table.definition, keyedRows));
    }
    table.idleBuilder = builder;
    return { groups, keys, rowCount, errors: [...errors], roundedCount };
  }

  /** Returns a collector of many batches of a record. */
  collect<N extends RecordName>(record: N): BlockCollector<N> {
    const { encoder, keyColumns } = this.#table(record);
    return new NativeBlockCollector(record, encoder.builder(), this.#versions, this.#memory, keyColumns);
  }

  /** Stores a block, in one attempt. */
  async write(given: EncodedBlock, options: WriteBlockOptions = {}): Promise<BlockReceipt> {
    this.#sql.checkOpen('blocks.write', options, WRITE_BLOCK_OPTIONS);
    const { findSuperseded = false, ...limits } = options;
    requireType('findSuperseded', findSuperseded, 'boolean', 'blocks.write');
    const block = requireBlock(given);
    const table = this.#table(block.record);
    const [write] = table.blockWrites.begin([() => this.#keysOfBytes(table, block.bytes)]);
    const conflicts = findSuperseded ? write!.conflicts() : undefined;
    conflicts?.catch(() => undefined);
    try {
      await this.#checkBytes(table, block);
      const receipt = conflicts
        ? await this.#storeCounted(table, block, write!, conflicts, limits)
        : await this.#storeBlock(table, block, this.#sql, limits);
      write!.end(true);
      return receipt;
    } finally {
      write!.end(false);
      await write!.released();
    }
  }

  /** Throws `ValidationError` unless the bytes are a block of so many rows. */
  async #checkBytes({ operation }: RecordTable, { bytes, rowCount }: EncodedBlock): Promise<void> {
    if (this.#memory.find(bytes)?.rowCount === rowCount) return;
    if ((await decodeNativeBlock(bytes))?.rowCount === rowCount) return;
    throw new ValidationError('bytes', 'are not a block of so many rows', { operation });
  }

  async #keysOfBytes({ definition }: RecordTable, bytes: Uint8Array): Promise<BlockKeys> {
    const rows = this.#memory.find(bytes)?.keyedRows ?? (await decodeNativeBlock(bytes));
    return new BlockKeys(definition, rows ? [rows] : []);
  }

  /** Stores a block and finds its rows that lose to a newer version. */
  async #storeCounted(
    table: RecordTable,
    block: EncodedBlock,
    write: InFlightWrite,
    conflicts: Promise<readonly InFlightWrite[]>,
    options: CallOptions,
  ): Promise<BlockReceipt> {
    const { operation } = table;
    const sent = conflicts.then((writes) => Promise.all(writes.map((each) => each.storedVersions())));
    sent.catch(() => undefined);
    const keys = await write.keys();
    const existing = await existingKeys(this.#sql, keys, operation, options);
    await this.#storeBlock(table, block, this.#sql.continuing, options);
    const [earlier] = await waitWithin(operation, options, [sent]);
    const stored = [existing, ...earlier!].filter(({ size }) => size > 0);
    // Then no key comes twice and none was there.
    if (stored.length === 0 && keys.ascending) return { superseded: [] };
    const storedOf = (key: string) => stored.map((versions) => versions.get(key));
    return { superseded: supersededRows(() => keys.rows(), storedOf) };
  }

  async #storeBlock(
    { store }: RecordTable,
    { id, rowCount, bytes, isUnsent = false }: EncodedBlock,
    sql: Sql,
    options: CallOptions,
  ): Promise<BlockReceipt> {
    const isOwn = this.#memory.find(bytes)?.rowCount === rowCount;
    const isNew = (isOwn || isUnsent) && !this.#inDoubt.has(bytes);
    this.#inDoubt.add(bytes);
    const block = { token: id, bytes, rowCount, retried: false, isNew, maxRows: this.#maxBlockRows };
    await store.store(sql, block, options);
    this.#inDoubt.delete(bytes);
    return NOT_COUNTED;
  }

  #table(record: RecordName): RecordTable {
    let table = this.#tables.get(record);
    if (!table) {
      const definition = requireRecord(record, 'blocks.collect');
      table = {
        definition,
        operation: `${definition.name}.insert`,
        encoder: new BlockEncoder(definition, { writtenAt: { kind: 'version' } }),
        idleBuilder: undefined,
        keyColumns: keyColumnsOf(definition),
        store: new BlockStore(definition),
        inserts: new InFlightWrites(),
        blockWrites: new InFlightWrites(),
      };
      this.#tables.set(record, table);
    }
    return table;
  }
}

/** Adds to an error how many rows of the batch are stored. */
function addProgress(error: unknown, stored: number, all: number): void {
  if (!isDatabaseError(error)) return;
  error.message += `; at least ${stored} of ${all} rows are stored, and the batch can be sent again`;
}
