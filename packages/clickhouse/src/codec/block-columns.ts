import type { Rounding } from '@quantumtrade/dal-domain';
import type { ColumnWriter } from './columns/column-writer.js';
import { DictionaryWriter } from './columns/dictionary.js';
import { TextBuffer, varintSize, writeVarint } from './columns/text-buffer.js';
import type { ColumnField } from './columns/writer-of.js';
import { writerOf } from './columns/writer-of.js';
import type { ColumnInput } from './input-plan.js';

/** Told which row is refused, by which column, and why. */
export type RefuseRow = (column: number, index: number, reason: string) => void;

/** Gives memory with anything in it. */
export type Allocate = (byteLength: number) => Buffer;

/** A block's bytes, and what is known of its rows. */
export interface FinishedColumns {
  /** What follows `INSERT INTO table (columns) FORMAT Native`. */
  readonly bytes: Buffer;
  /** Numbers of the batches that the rows are from, counted from 0 since the builder began anew, in ascending order. */
  readonly batches: readonly number[];
  /** For each of these batches, how many rows of the block come before its end. */
  readonly ends: readonly number[];
  /** The symbols of the rows, each once; none for a table without one. */
  readonly symbols: readonly string[];
}

type Refusals = Map<number, { readonly column: number; readonly reason: string }>;

/**
 * The columns of one block under construction.
 *
 * A block on the wire: how many columns and how many rows, as varints; then for each column its name and its type as
 * strings (a varint of the length in bytes, and the bytes) and its data. Nothing goes before it: over HTTP, blocks have no
 * header of their own and follow one another.
 */
export class BlockColumns {
  readonly #writers: readonly ColumnWriter[];
  /** Each column's name and type. */
  readonly #heads: readonly Buffer[];
  readonly #symbols: DictionaryWriter | undefined;
  #rowCount = 0;
  #batches: number[] = [];
  #ends: number[] = [];

  constructor(fields: readonly (readonly [column: string, field: ColumnField])[]) {
    this.#writers = fields.map(([, field]) => writerOf(field));
    const symbols = this.#writers[fields.findIndex(([, { kind }]) => kind === 'symbol')];
    if (symbols instanceof DictionaryWriter) this.#symbols = symbols;
    this.#heads = fields.map(([name], i) => {
      const head = new TextBuffer();
      head.push(name);
      head.push(this.#writers[i]!.type);
      return head.bytes;
    });
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** Bytes of the block if it ended here. */
  get byteLength(): number {
    const rows = this.#rowCount;
    let size = varintSize(this.#writers.length) + varintSize(rows);
    for (const head of this.#heads) size += head.length;
    for (const writer of this.#writers) size += writer.byteLength(rows);
    return size;
  }

  /**
   * Appends the selected rows that every column accepts. The others are refused by the first column that does not, and
   * leave no trace: the columns go back to where they were and take the rest once more. `batch` is the number of the batch
   * that the rows are from. Returns in how many rows a decimal was rounded, which only `rounding` allows.
   */
  append(
    inputs: readonly ColumnInput[],
    selection: Uint32Array,
    batch: number,
    refuse: RefuseRow,
    rounding?: Rounding,
  ): number {
    if (selection.length === 0) return 0;
    const roundedRows = rounding && new Set<number>();
    const first = this.#rowCount;
    this.#reserve(first + selection.length);
    for (const writer of this.#writers) {
      writer.mark();
      writer.allowRounding(roundedRows);
    }
    const refused = this.#write(inputs, selection);
    if (refused === undefined) {
      this.#rowCount = first + selection.length;
      if (this.#batches.at(-1) === batch) this.#ends.pop();
      else this.#batches.push(batch);
      this.#ends.push(this.#rowCount);
      const everyRow = inputs.some((input) => 'rounded' in input && input.rounded);
      return everyRow ? selection.length : (roundedRows?.size ?? 0);
    }
    for (const writer of this.#writers) writer.rollback();
    if (refused === 'unreadable') {
      return selection.reduce(
        (sum, index) => sum + this.append(inputs, Uint32Array.of(index), batch, refuse, rounding),
        0,
      );
    }
    for (const [index, { column, reason }] of refused) refuse(column, index, reason);
    const rest = selection.filter((index) => !refused.has(index));
    return this.append(inputs, rest, batch, refuse, rounding);
  }

  /** What was refused, if anything was; `unreadable` if a row, one of many, throws when it is looked at. */
  #write(inputs: readonly ColumnInput[], selection: Uint32Array): Refusals | 'unreadable' | undefined {
    const refused: Refusals = new Map();
    let column = 0;
    const refuse = (index: number, reason: string) => {
      if (!refused.has(index)) refused.set(index, { column, reason });
    };
    try {
      for (; column < inputs.length; column++) {
        const input = inputs[column]!;
        const writer = this.#writers[column]!;
        const first = this.#rowCount;
        if ('constant' in input) writer.fill(input.constant, first, first + selection.length);
        else input.loop(input.source, selection, writer, first, refuse);
      }
    } catch {
      if (selection.length > 1) return 'unreadable';
      refuse(selection[0]!, 'cannot be read');
    }
    return refused.size > 0 ? refused : undefined;
  }

  #reserve(rows: number): void {
    for (const writer of this.#writers) writer.reserve(rows);
  }

  /** Returns the block, the batches that its rows are from, where the rows of each of them end, and the symbols, each once. */
  finish(allocate: Allocate): FinishedColumns {
    const rows = this.#rowCount;
    const bytes = allocate(this.byteLength);
    let at = writeVarint(bytes, writeVarint(bytes, 0, this.#writers.length), rows);
    this.#writers.forEach((writer, i) => {
      at += this.#heads[i]!.copy(bytes, at);
      writer.writeTo(bytes, at, rows);
      at += writer.byteLength(rows);
    });
    return { bytes, batches: this.#batches, ends: this.#ends, symbols: this.#symbols?.keys ?? [] };
  }

  /** Empties the columns for the next block and keeps their memory. */
  clear(): void {
    this.#rowCount = 0;
    this.#batches = [];
    this.#ends = [];
    for (const writer of this.#writers) writer.clear();
  }
}
