import { randomUUID } from 'node:crypto';
import type {
  Appended,
  Batch,
  BatchVersion,
  BlockCollector,
  CollectedBlock,
  RecordBatches,
  RecordName,
  VersionClock,
} from '@quantumtrade/dal-domain';
import { drawVersion, hasOwnTime, isColumnBatch, readColumnBatch, records } from '@quantumtrade/dal-domain';
import type { BlockBuilder, BatchAppend } from '../codec/block-builder.js';
import type { BlockMemory } from './block-memory.js';
import type { ReadBatch } from './record-writer.js';
import { readRowBatch } from './record-writer.js';

/** Encodes batches as they come, into one block for each month. */
export class NativeBlockCollector<N extends RecordName> implements BlockCollector<N> {
  readonly #record: N;
  readonly #builder: BlockBuilder;
  readonly #versions: VersionClock;
  readonly #memory: BlockMemory;
  readonly #keyColumns: readonly string[];
  #rowCount = 0;
  /** Whether rows may be older than stored ones, so that their keys may be compared. */
  #mayBeOlder = false;

  /** `keyColumns` are the columns that are kept of rows that may be older than stored ones. */
  constructor(
    record: N,
    builder: BlockBuilder,
    versions: VersionClock,
    memory: BlockMemory,
    keyColumns: readonly string[],
  ) {
    this.#memory = memory;
    this.#record = record;
    this.#builder = builder;
    this.#versions = versions;
    this.#keyColumns = keyColumns;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get byteLength(): number {
    return this.#builder.byteLength;
  }

  drawVersion(batch: Batch<N>): BatchVersion {
    return drawVersion(this.#record, batch, this.#versions);
  }

  append(batch: Batch<N>, version = this.drawVersion(batch)): Appended {
    const read = this.#read(batch, version);
    return this.#appended(read, read.append(this.#builder).complete());
  }

  *appendInSteps(batch: Batch<N>, version = this.drawVersion(batch)): Generator<void, Appended, void> {
    const read = this.#read(batch, version);
    const pending = read.append(this.#builder);
    while (pending.step()) yield;
    return this.#appended(read, pending);
  }

  #read(batch: Batch<N>, version: BatchVersion): ReadBatch {
    const read = readBatch(this.#record, batch, version);
    this.#mayBeOlder ||= hasOwnTime(this.#record, batch);
    return read;
  }

  #appended(read: ReadBatch, { given, errors, roundedCount }: BatchAppend): Appended {
    const rowCount = given - errors.length;
    this.#rowCount += rowCount;
    return {
      rowCount,
      roundedCount: read.roundedCount + roundedCount,
      errors: read.errors.length === 0 ? errors : read.errors.concat(errors),
    };
  }

  finish(): CollectedBlock[] {
    const memory = this.#memory;
    const blocks = this.#builder.finish({
      allocate: (byteLength) => memory.allocate(byteLength),
      ...(this.#mayBeOlder && { keyColumns: this.#keyColumns }),
    });
    const collected = blocks.map(
      ({ rowCount, bytes, shard, batches, ends, symbols, keyedRows }): CollectedBlock => {
        memory.register(bytes, rowCount, shard, keyedRows);
        return {
          record: this.#record,
          id: randomUUID(),
          rowCount,
          bytes,
          batches,
          batchOf: (row) => batches[firstAbove(row, ends)]!,
          symbols,
          release: () => memory.release(bytes),
        };
      },
    );
    this.#rowCount = 0;
    this.#mayBeOlder = false;
    return collected;
  }
}

/** Reads a batch of rows or of columns. Throws as {@link readRowBatch} does. */
function readBatch<N extends RecordName>(record: N, batch: Batch<N>, version: BatchVersion): ReadBatch {
  if (!isColumnBatch(batch)) return readRowBatch(record, batch as RecordBatches[N], version);
  const { columns, constants, rounding } = readColumnBatch(records[record], batch);
  return {
    errors: [],
    roundedCount: 0,
    append: (builder, from, to) =>
      builder.appendColumns(columns, { constants, rounding, version: version as bigint, from, to }),
  };
}

/** Returns the position of the first number above a value in an ascending list. */
function firstAbove(value: number, ascending: readonly number[]): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
