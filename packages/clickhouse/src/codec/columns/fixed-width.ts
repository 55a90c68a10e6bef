import type { Canonical, Field } from '@quantumtrade/dal-domain';
import type { Refuse } from './column-writer.js';
import { ColumnWriter } from './column-writer.js';

type View = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** Values of one width, one after the other, little-endian as the machine itself. */
export abstract class FixedWidthWriter<V extends View> extends ColumnWriter {
  readonly type: string;
  /** Sixty-four bits are two 32-bit elements, the low half first: no bigint is made for them. */
  readonly #elements: number;
  protected view: V;

  constructor(field: Field, type: string, view: V, elements = 1) {
    super(field);
    this.type = type;
    this.view = view;
    this.#elements = elements;
  }

  reserve(rows: number): void {
    const needed = rows * this.#elements;
    if (needed <= this.view.length) return;
    const grown = new (this.view.constructor as new (length: number) => V)(
      Math.max(needed, 2 * this.view.length),
    );
    grown.set(this.view);
    this.view = grown;
  }

  /** Writes the first row and then copies as much as is there already. */
  override fill(value: Canonical, from: number, to: number): void {
    if (from >= to) return;
    this.store(value, from);
    const size = this.#elements;
    for (let done = 1; done < to - from; done *= 2) {
      const copied = Math.min(done, to - from - done);
      this.view.copyWithin((from + done) * size, from * size, (from + copied) * size);
    }
  }

  byteLength(rows: number): number {
    return rows * this.#elements * this.view.BYTES_PER_ELEMENT;
  }

  writeTo(target: Buffer, offset: number, rows: number): void {
    target.set(new Uint8Array(this.view.buffer, 0, this.byteLength(rows)), offset);
  }
}

const TWO_TO_32 = 2 ** 32;

/** The high halves, as 32-bit integers, of the 64-bit values that are in the range of a field. */
export interface HighHalves {
  readonly least: number;
  readonly greatest: number;
  /** A high half in between whose values are checked one by one. */
  readonly doubtful: number;
}

/** Is no high half of a value in the range of any field. */
export const NOT_DOUBTFUL = 2 ** 31 - 1;

/** A column of signed or unsigned 64-bit values, written from integers that a number holds exactly. */
export abstract class SixtyFourBitWriter extends FixedWidthWriter<Int32Array> {
  /** Undefined where every value is in the range. */
  readonly #range: HighHalves | undefined;

  constructor(field: Field, type: string, range?: HighHalves) {
    super(field, type, new Int32Array(), 2);
    this.#range = range;
  }

  /** Checks a value given as the two halves of 64 bits and writes it as that row. */
  protected abstract putHalves(low: number, high: number, row: number): string | undefined;

  /** The same for the values at these ascending positions: in one piece if there are no gaps and all is well. */
  putAll(halves: Int32Array, selection: Uint32Array, firstRow: number, refuse: Refuse): void {
    const first = selection[0]!;
    const end = selection[selection.length - 1]! + 1;
    if (end - first === selection.length && this.#allInRange(halves, first, end)) {
      this.view.set(halves.subarray(2 * first, 2 * end), 2 * firstRow);
      return;
    }
    selection.forEach((index, k) => {
      const reason = this.putHalves(halves[2 * index]!, halves[2 * index + 1]!, firstRow + k);
      if (reason !== undefined) refuse(index, reason);
    });
  }

  #allInRange(halves: Int32Array, from: number, to: number): boolean {
    if (this.#range === undefined) return true;
    const { least, greatest, doubtful } = this.#range;
    for (let index = from; index < to; index++) {
      const high = halves[2 * index + 1]!;
      if (high < least || high > greatest || high === doubtful) return false;
    }
    return true;
  }

  protected write(integer: number, row: number): void {
    const { view } = this;
    // An element keeps the lowest 32 bits of what it is given.
    view[2 * row] = integer;
    view[2 * row + 1] = Math.floor(integer / TWO_TO_32);
  }

  /** What {@link write} wrote. */
  protected integer(row: number): number {
    return this.view[2 * row + 1]! * TWO_TO_32 + (this.view[2 * row]! >>> 0);
  }

  protected writeBigInt(integer: bigint, row: number): void {
    this.view[2 * row] = Number(BigInt.asIntN(32, integer));
    this.view[2 * row + 1] = Number(BigInt.asIntN(32, integer >> 32n));
  }

  protected writeHalves(low: number, high: number, row: number): void {
    this.view[2 * row] = low;
    this.view[2 * row + 1] = high;
  }
}

/** The high half of a 64-bit integer. */
export const highHalf = (integer: bigint | number): number => Number(BigInt(integer) >> 32n);
