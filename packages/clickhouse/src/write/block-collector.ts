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
import { drawVersion, isColumnBatch } from '@quantumtrade/dal-domain';
import type { AppendedRows, BlockBuilder } from '../codec/block-builder.js';
import type { BlockEncoder } from '../codec/block-encoder.js';
import type { Steps } from '../codec/steps.js';
import { lastOf } from '../codec/steps.js';
import type { BlockMemory } from './block-memory.js';
import type { BatchRows } from './batch-rows.js';
import { columnsOfBatch, rowsOfBatch } from './batch-rows.js';

/** Encodes batches as they come, into one block for each month. */
export class NativeBlockCollector<N extends RecordName> implements BlockCollector<N> {
  readonly #record: N;
  readonly #builder: BlockBuilder;
  readonly #versions: VersionClock;
  readonly #memory: BlockMemory;
  /** Where the rows of each batch end in the list of all rows given. */
  #ends: number[] = [];
  #rowCount = 0;

  constructor(record: N, encoder: BlockEncoder, versions: VersionClock, memory: BlockMemory) {
    this.#memory = memory;
    this.#record = record;
    this.#builder = encoder.builder();
    this.#versions = versions;
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

  append(batch: Batch<N>, version?: BatchVersion): Appended {
    return lastOf(this.appendInSteps(batch, version));
  }

  *appendInSteps(batch: Batch<N>, version = this.drawVersion(batch)): Steps<Appended> {
    if (isColumnBatch(batch)) {
      const { columns, ...options } = columnsOfBatch(this.#record, batch, version);
      return yield* this.#take(this.#builder.appendColumns(columns, options));
    }
    const given = rowsOfBatch(this.#record, batch as RecordBatches[N], version);
    const { rows, constants, keys, rounding } = given;
    return yield* this.#take(this.#builder.appendRows(rows, { constants, keys, rounding }), given);
  }

  *#take(
    steps: Steps<AppendedRows>,
    before: Pick<BatchRows, 'errors' | 'roundedCount'> = { errors: [], roundedCount: 0 },
  ): Steps<Appended> {
    const { given, errors, roundedCount } = yield* steps;
    const rowCount = given - errors.length;
    this.#ends.push((this.#ends.at(-1) ?? 0) + given);
    this.#rowCount += rowCount;
    return {
      rowCount,
      roundedCount: before.roundedCount + roundedCount,
      errors: before.errors.concat(errors),
    };
  }

  finish(): CollectedBlock[] {
    const ends = this.#ends;
    const memory = this.#memory;
    const blocks = this.#builder.finish((byteLength) => memory.allocate(byteLength));
    const collected = blocks.map(({ rowCount, bytes, rowIndices, symbols }): CollectedBlock => {
      memory.vouch(bytes, rowCount);
      return {
        record: this.#record,
        id: randomUUID(),
        rowCount,
        bytes,
        batches: batchesOf(rowIndices, ends),
        batchOf: (row) => batchAt(rowIndices[row]!, ends),
        symbols,
        release: () => memory.release(bytes),
      };
    });
    this.#ends = [];
    this.#rowCount = 0;
    return collected;
  }
}

/** The batches that rows with these ascending positions are from. */
function batchesOf(positions: Uint32Array, ends: readonly number[]): number[] {
  if (ends.length === 1) return [0];
  const batches: number[] = [];
  let batch = 0;
  let end = -1;
  for (const position of positions) {
    if (position < end) continue;
    while (ends[batch]! <= position) batch++;
    end = ends[batch]!;
    batches.push(batch);
  }
  return batches;
}

/** Returns the batch that has the row with this position: the first one that ends behind it. */
function batchAt(position: number, ends: readonly number[]): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
