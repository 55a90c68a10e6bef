import type {
  BlockCollector,
  BlockReceipt,
  BlockWriter,
  CallOptions,
  EncodedBlock,
  RecordName,
  VersionClock,
  WriteBlockOptions,
} from '@quantumtrade/dal-domain';
import {
  requireBlock,
  requireType,
  supersededRows,
  toWriteToken,
  ValidationError,
  WRITE_BLOCK_OPTIONS,
} from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { NativeBlockCollector } from './block-collector.js';
import { BlockKeys, existingKeys } from './block-keys.js';
import { BlockMemory } from './block-memory.js';
import type { InFlightWrite } from './in-flight.js';
import { waitWithin } from './in-flight.js';
import type { PlacedBlock } from './place-block.js';
import { placeBlock } from './place-block.js';
import type { RecordTable, RecordTables } from './record-writer.js';
import { decodeNativeBlock, StoredRows } from './store-block.js';

/**
 * Encodes batches into blocks and stores blocks. A block is one partition of a batch or of many; it is stored as a whole or
 * not at all, and once, by the token that is its id.
 */
export class NativeBlockWriter implements BlockWriter {
  readonly #sql: Sql;
  readonly #versions: VersionClock;
  readonly #maxBlockRows: number;
  readonly #tables: RecordTables;
  readonly #memory = new BlockMemory();
  /** Bytes that were sent, and are not known to be stored. */
  readonly #inDoubt = new WeakSet<Uint8Array>();

  /** Blocks of more than `maxBlockRows` are stored in several inserts. */
  constructor(sql: Sql, versions: VersionClock, maxBlockRows: number, tables: RecordTables) {
    this.#sql = sql;
    this.#versions = versions;
    this.#maxBlockRows = maxBlockRows;
    this.#tables = tables;
  }

  /** Returns a collector of many batches of a record. */
  collect<N extends RecordName>(record: N): BlockCollector<N> {
    const { encoder, keyColumns } = this.#tables.of(record);
    return new NativeBlockCollector(record, encoder.builder(), this.#versions, this.#memory, keyColumns);
  }

  /** Stores a block, in one attempt. */
  async write(given: EncodedBlock, options: WriteBlockOptions = {}): Promise<BlockReceipt> {
    this.#sql.checkOpen('blocks.write', options, WRITE_BLOCK_OPTIONS);
    const { findSuperseded = false, ...limits } = options;
    requireType('findSuperseded', findSuperseded, 'boolean', 'blocks.write');
    const block = requireBlock(given);
    const table = this.#tables.of(block.record);
    const [write] = table.blockWrites.begin([() => this.#keysOfBytes(table, block.bytes)]);
    const conflicts = findSuperseded ? write!.conflicts() : undefined;
    conflicts?.catch(() => undefined);
    try {
      await this.#checkBytes(table, block);
      const placed = await this.#place(table, block);
      const receipt = conflicts
        ? await this.#storeCounted(table, placed, write!, conflicts, limits)
        : { superseded: null, writeToken: await this.#storeAll(table, placed, this.#sql, limits) };
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
    placed: readonly PlacedBlock[],
    write: InFlightWrite,
    conflicts: Promise<readonly InFlightWrite[]>,
    options: CallOptions,
  ): Promise<BlockReceipt> {
    const { operation } = table;
    const sent = conflicts.then((writes) => Promise.all(writes.map((each) => each.storedVersions())));
    sent.catch(() => undefined);
    const keys = await write.keys();
    const sql = placed.length === 1 ? this.#sql.shard(placed[0]!.shard) : this.#sql;
    const existing = await existingKeys(sql, keys, operation, options);
    const writeToken = await this.#storeAll(table, placed, this.#sql.continuing, options);
    const [earlier] = await waitWithin(operation, options, [sent]);
    const stored = [existing, ...earlier!].filter(({ size }) => size > 0);
    // Then no key comes twice and none was there.
    if (stored.length === 0 && keys.ascending) return { superseded: [], writeToken };
    const storedOf = (key: string) => stored.map((versions) => versions.get(key));
    return { superseded: supersededRows(() => keys.rows(), storedOf), writeToken };
  }

  async #storeAll(
    { store }: RecordTable,
    placed: readonly PlacedBlock[],
    sql: Sql,
    options: CallOptions,
  ): Promise<string | null> {
    const progress = new StoredRows();
    const maxRows = this.#maxBlockRows;
    for (const { id: token, bytes, rowCount, shard, isUnsent = false, acknowledgedAt } of placed) {
      const isOwn = this.#memory.find(bytes)?.rowCount === rowCount;
      const isNew = (isOwn || isUnsent) && !this.#inDoubt.has(bytes);
      this.#inDoubt.add(bytes);
      const block = { token, bytes, rowCount, shard, retried: false, isNew, maxRows, acknowledgedAt };
      await store.store(sql, block, options, progress);
      this.#inDoubt.delete(bytes);
    }
    return toWriteToken(progress.writes);
  }

  async #place(table: RecordTable, block: EncodedBlock): Promise<readonly PlacedBlock[]> {
    const { layout } = this.#tables;
    const own = this.#memory.find(block.bytes);
    if (!layout || own?.rowCount === block.rowCount) return [{ ...block, shard: own?.shard ?? 1 }];
    return placeBlock(block, table, layout);
  }
}
