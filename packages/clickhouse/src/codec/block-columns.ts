import type { Rounding } from '@quantumtrade/dal-domain';
import type { ColumnValues, ColumnWriter, RoundedRows } from './columns/column-writer.js';
import { DictionaryWriter, TextBuffer, varintSize, writeVarint } from './columns/texts.js';
import type { ColumnInput } from './inputs.js';
import type { TableField } from './kinds.js';
import { createColumnWriter } from './kinds.js';

/** A row that a column refuses. */
export interface RefusedRow {
  readonly column: number;
  readonly index: number;
  readonly reason: string;
}

/** Returns memory with any content. */
export type Allocate = (byteLength: number) => Buffer;

/** Rows as columns by name, of which the keys and versions can be read. */
export interface KeyedRows {
  readonly rowCount: number;
  column(name: string): ColumnValues;
}

/** The bytes of a block, with the batches and symbols of its rows. */
export interface FinishedColumns {
  /** Body that follows `INSERT INTO table (columns) FORMAT Native`. */
  readonly bytes: Buffer;
  readonly rowCount: number;
  /** Numbers of the batches that the rows are from, counted from 0 since the builder began anew, in ascending order. */
  readonly batches: readonly number[];
  /** For each of these batches, how many rows of the block come before its end. */
  readonly ends: readonly number[];
  /** The symbols of the rows, each once; none for a table without one. */
  readonly symbols: readonly string[];
}

type Refusals = Map<number, RefusedRow>;

const INITIAL_ROWS = 16;

/**
 * The columns of one block under construction.
 *
 * A block on the wire: how many columns and how many rows, as varints; then for each column its name and its type as
 * strings (a varint of the length in bytes, and the bytes) and its data. Nothing goes before it: over HTTP, blocks have no
 * header of their own and follow one another.
 */
export class BlockColumns {
  readonly #names: readonly string[];
  readonly #writers: readonly ColumnWriter[];
  /** Columns whose rows differ in size. */
  readonly #unevenWriters: readonly ColumnWriter[];
  /** Each column's name and type. */
  readonly #heads: readonly Buffer[];
  readonly #symbols: DictionaryWriter | undefined;
  readonly #rounded: RoundedRows = { rows: undefined };
  /** Bytes of a block without rows, and of each row in columns of fixed width. */
  readonly #headBytes: number;
  readonly #rowBytes: number;
  #capacity = 0;
  #rowCount = 0;
  #batches: number[] = [];
  #ends: number[] = [];

  constructor(fields: readonly (readonly [column: string, field: TableField])[]) {
    this.#names = fields.map(([name]) => name);
    this.#writers = fields.map(([, field]) => createColumnWriter(field, this.#rounded));
    this.#unevenWriters = this.#writers.filter(({ bytesPerRow }) => bytesPerRow === undefined);
    const symbols = this.#writers[fields.findIndex(([, { kind }]) => kind === 'symbol')];
    if (symbols instanceof DictionaryWriter) this.#symbols = symbols;
    this.#heads = fields.map(([name], i) => {
      const head = new TextBuffer();
      head.push(name);
      head.push(this.#writers[i]!.type);
      return head.bytes;
    });
    this.#headBytes = varintSize(fields.length) + this.#heads.reduce((sum, { length }) => sum + length, 0);
    this.#rowBytes = this.#writers.reduce((sum, { bytesPerRow = 0 }) => sum + bytesPerRow, 0);
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** Bytes of the block if it ended here. */
  get byteLength(): number {
    const rows = this.#rowCount;
    let size = this.#headBytes + varintSize(rows) + rows * this.#rowBytes;
    for (const writer of this.#unevenWriters) size += writer.byteLength(rows);
    return size;
  }

  /**
   * Appends the selected rows that every column accepts. The others are refused by the first column that does not, and
   * leave no trace: the columns go back to where they were and take the rest once more. `batch` is the number of the batch
   * that the rows are from; refused ones are added to `refusals`. Returns in how many rows a decimal was rounded, which only
   * `rounding` allows.
   */
  append(
    inputs: readonly ColumnInput[],
    selection: Uint32Array,
    batch: number,
    refusals: RefusedRow[],
    rounding?: Rounding,
  ): number {
    if (selection.length === 0) return 0;
    const roundedRows = rounding && new Set<number>();
    this.#rounded.rows = roundedRows;
    const rowCount = this.#rowCount + selection.length;
    if (rowCount > this.#capacity) this.#reserve(rowCount);
    if (this.#rowCount > 0) for (const writer of this.#unevenWriters) writer.mark();
    const refused = this.#write(inputs, selection);
    if (refused === undefined) {
      this.#rowCount = rowCount;
      if (this.#batches.at(-1) === batch) this.#ends.pop();
      else this.#batches.push(batch);
      this.#ends.push(rowCount);
      for (const input of inputs) if ('rounded' in input && input.rounded) return selection.length;
      return roundedRows?.size ?? 0;
    }
    for (const writer of this.#unevenWriters) writer.rollback();
    if (refused === 'unreadable') {
      return selection.reduce(
        (sum, index) => sum + this.append(inputs, Uint32Array.of(index), batch, refusals, rounding),
        0,
      );
    }
    refusals.push(...refused.values());
    const rest = selection.filter((index) => !refused.has(index));
    return this.append(inputs, rest, batch, refusals, rounding);
  }

  /** Returns what was refused, if anything was; `unreadable` if a row, one of many, throws when it is read. */
  #write(inputs: readonly ColumnInput[], selection: Uint32Array): Refusals | 'unreadable' | undefined {
    const refused: Refusals = new Map();
    let column = 0;
    const first = this.#rowCount;
    try {
      for (; column < inputs.length; column++) {
        const input = inputs[column]!;
        const writer = this.#writers[column]!;
        if ('constant' in input) writer.fill(input.constant, first, first + selection.length);
        else {
          input.loop(input.source, selection, writer, first, (index, reason) => {
            if (!refused.has(index)) refused.set(index, { column, index, reason });
          });
        }
      }
    } catch {
      if (selection.length > 1) return 'unreadable';
      const index = selection[0]!;
      if (!refused.has(index)) refused.set(index, { column, index, reason: 'cannot be read' });
    }
    return refused.size === 0 ? undefined : refused;
  }

  #reserve(rows: number): void {
    this.#capacity = Math.max(rows, 2 * this.#capacity, INITIAL_ROWS);
    for (const writer of this.#writers) writer.reserve(this.#capacity);
  }

  /** Returns the block. */
  finish(allocate: Allocate): FinishedColumns {
    const rowCount = this.#rowCount;
    const writers = this.#writers;
    const bytes = allocate(this.byteLength);
    let at = writeVarint(bytes, writeVarint(bytes, 0, writers.length), rowCount);
    for (let i = 0; i < writers.length; i++) {
      at += this.#heads[i]!.copy(bytes, at);
      at = writers[i]!.writeTo(bytes, at, rowCount);
    }
    return {
      bytes,
      rowCount,
      batches: this.#batches,
      ends: this.#ends,
      symbols: this.#symbols?.keys ?? [],
    };
  }

  /** Returns these columns of the rows, as a copy. */
  keyedRows(names: readonly string[]): KeyedRows {
    const rowCount = this.#rowCount;
    const columns: Record<string, ColumnValues> = {};
    for (const name of names) columns[name] = this.#writers[this.#names.indexOf(name)]!.values(rowCount);
    return {
      rowCount,
      column(name) {
        return columns[name]!;
      },
    };
  }

  /** Empties the columns for the next block and keeps their memory. */
  clear(): void {
    this.#rowCount = 0;
    this.#batches = [];
    this.#ends = [];
    for (const writer of this.#unevenWriters) writer.clear();
  }
}

/** The most bytes of a block whose memory is kept for the next, and how many are kept. */
const KEPT_BYTES = 64 * 2 ** 20;
const KEPT_BLOCKS = 4;

type TableFields = ConstructorParameters<typeof BlockColumns>[0];

/** The columns of finished blocks, used again: fresh memory costs more than writing to it. */
export class ColumnPool {
  readonly #fields: TableFields;
  readonly #free: BlockColumns[] = [];

  constructor(fields: TableFields) {
    this.#fields = fields;
  }

  take(): BlockColumns {
    return this.#free.pop() ?? new BlockColumns(this.#fields);
  }

  /** Takes back the columns of a finished block of this size. */
  giveBack(columns: BlockColumns, byteLength: number): void {
    if (this.#free.length >= KEPT_BLOCKS || byteLength > KEPT_BYTES) return;
    columns.clear();
    this.#free.push(columns);
  }
}
