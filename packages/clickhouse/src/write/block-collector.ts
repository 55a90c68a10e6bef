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
    this.#rowCount += rowCount;
    return {
      rowCount,
      roundedCount: before.roundedCount + roundedCount,
      errors: before.errors.concat(errors),
    };
  }

  finish(): CollectedBlock[] {
    const memory = this.#memory;
    const blocks = this.#builder.finish((byteLength) => memory.allocate(byteLength));
    const collected = blocks.map(({ rowCount, bytes, batches, ends, symbols }): CollectedBlock => {
      memory.vouch(bytes, rowCount);
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
    });
    this.#rowCount = 0;
    return collected;
  }
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
