import { randomUUID } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type {
  Appended,
  Batch,
  BatchVersion,
  BlockCollector,
  BlockWriter,
  CollectedBlock,
  PreparedRow,
  RecordName,
  VersionClock,
} from '@quantumtrade/dal-domain';
import {
  drawVersion,
  monthOf,
  prepareBatch,
  requireBlock,
  requireRecord,
  requireType,
  ValidationError,
  WRITE_BLOCK_OPTIONS,
} from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';

/** Block ids that are remembered; the rows of a block that was forgotten replace themselves. */
export const REMEMBERED_BLOCKS = 10_000;

export function memoryBlocks(store: MemoryStore): BlockWriter {
  const written = new Set<string>();
  return {
    collect: (record) => {
      requireRecord(record, 'blocks.collect');
      return new MemoryBlockCollector(record, store.versions);
    },

    write: async (given, options) => {
      store.checkOpen('blocks.write', options, WRITE_BLOCK_OPTIONS);
      requireType('findSuperseded', options?.findSuperseded, 'boolean', 'blocks.write');
      const block = requireBlock(given);
      const { record, id } = block;
      const operation = `${record}.insert`;
      const rows = rowsOf(block.bytes, block.rowCount);
      if (!rows) throw new ValidationError('bytes', 'are not a block of so many rows', { operation });
      store.requireTables(operation, record);
      const table = store.tables[record];
      const superseded = options?.findSuperseded ? table.superseded(rows) : null;
      const receipt = { superseded, writeToken: store.writeTokenOf(record, id) };
      if (written.has(id)) return receipt;
      for (const row of rows) table.upsert(row);
      written.add(id);
      if (written.size > REMEMBERED_BLOCKS) written.delete(written.values().next().value!);
      return receipt;
    },
  };
}

/** Returns the rows of a block; undefined for bytes that are not a block of so many rows. */
export function rowsOf(bytes: Uint8Array, rowCount: number): PreparedRow[] | undefined {
  try {
    const rows: unknown = deserialize(bytes);
    return Array.isArray(rows) && rows.length === rowCount ? rows : undefined;
  } catch {
    return undefined;
  }
}

/** Approximate size of a row. */
const ROW_BYTES = 200;

class MemoryBlockCollector<N extends RecordName> implements BlockCollector<N> {
  readonly #record: N;
  readonly #versions: VersionClock;
  /** The rows of each month, and the batch of each row. */
  #months = new Map<number, { rows: PreparedRow[]; batches: number[] }>();
  #batches = 0;
  rowCount = 0;

  constructor(record: N, versions: VersionClock) {
    this.#record = record;
    this.#versions = versions;
  }

  get byteLength(): number {
    return this.rowCount * ROW_BYTES;
  }

  drawVersion(batch: Batch<N>): BatchVersion {
    return drawVersion(this.#record, batch, this.#versions);
  }

  append(batch: Batch<N>, version = this.drawVersion(batch)): Appended {
    const { rows, errors, roundedCount } = prepareBatch(this.#record, batch, version);
    for (const row of rows) {
      const month = monthOf(row.row['timestamp'] as number);
      const block = this.#months.get(month) ?? { rows: [], batches: [] };
      this.#months.set(month, block);
      block.rows.push(row);
      block.batches.push(this.#batches);
    }
    this.#batches++;
    this.rowCount += rows.length;
    return { rowCount: rows.length, roundedCount, errors };
  }

  *appendInSteps(batch: Batch<N>, version?: BatchVersion) {
    yield* [];
    return this.append(batch, version);
  }

  finish(): CollectedBlock[] {
    const blocks = [...this.#months.values()].map(({ rows, batches }) => ({
      record: this.#record,
      id: randomUUID(),
      rowCount: rows.length,
      bytes: serialize(rows),
      batches: [...new Set(batches)],
      batchOf: (row: number) => batches[row]!,
      symbols: [...new Set(rows.flatMap(({ row }) => (row['symbol'] as string | undefined) ?? []))],
      release: () => undefined,
    }));
    this.#months = new Map();
    this.#batches = 0;
    this.rowCount = 0;
    return blocks;
  }
}
