import type { Canonical, Field } from '@quantumtrade/dal-domain';
import { MAX_INSTANT, MIN_INSTANT, SECONDS } from '@quantumtrade/dal-domain';
import type { ColumnValues, Refuse, RoundedRows } from './column-writer.js';
import { ColumnWriter } from './column-writer.js';

type View = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** Values of one width, one after the other, little-endian as the machine itself. */
export abstract class FixedWidthWriter<V extends View> extends ColumnWriter {
  declare readonly bytesPerRow: number;
  readonly type: string;
  /** Elements of the view per value. Sixty-four bits are two 32-bit elements, the low half first. */
  readonly #elements: number;
  protected view: V;

  constructor(field: Field, type: string, view: V, elements = 1, rounded?: RoundedRows) {
    super(field, elements * view.BYTES_PER_ELEMENT, rounded);
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
    return rows * this.bytesPerRow;
  }

  writeTo(target: Buffer, offset: number, rows: number): number {
    const size = rows * this.bytesPerRow;
    target.set(new Uint8Array(this.view.buffer, 0, size), offset);
    return offset + size;
  }

  /** Returns the bytes of the first rows, as a copy. */
  protected bytes(rows: number): ArrayBuffer {
    return (this.view.buffer as ArrayBuffer).slice(0, rows * this.bytesPerRow);
  }
}

/** `UInt8`, `UInt16`, `UInt32`. */
export class UIntWriter extends FixedWidthWriter<Uint8Array | Uint16Array | Uint32Array> {
  readonly #max: number;

  constructor(field: Field, bits: 8 | 16 | 32) {
    super(
      field,
      `UInt${bits}`,
      bits === 8 ? new Uint8Array() : bits === 16 ? new Uint16Array() : new Uint32Array(),
    );
    this.#max = 2 ** bits - 1;
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'number' && value >>> 0 === value && value <= this.#max) {
      this.view[row] = value;
      return undefined;
    }
    return this.judge(value, row);
  }

  store(value: Canonical, row: number): void {
    this.view[row] = value as number;
  }

  values(rows: number): ColumnValues {
    return this.view.slice(0, rows);
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

/** The `doubtful` of a range without doubtful values: no value in the range of a field has this high half. */
export const NOT_DOUBTFUL = 2 ** 31 - 1;

/** A column of signed or unsigned 64-bit values, written from integers that a number holds exactly. */
export abstract class SixtyFourBitWriter extends FixedWidthWriter<Int32Array> {
  /** Undefined where every value is in the range. */
  readonly #range: HighHalves | undefined;

  constructor(field: Field, type: string, range?: HighHalves, rounded?: RoundedRows) {
    super(field, type, new Int32Array(), 2, rounded);
    this.#range = range;
  }

  /** Writes a value given as the two halves of 64 bits as that row. Returns the reason if it is out of range. */
  protected putHalves(low: number, high: number, row: number): string | undefined {
    this.writeHalves(low, high, row);
    return undefined;
  }

  store(value: Canonical, row: number): void {
    this.writeBigInt(value as bigint, row);
  }

  /** Puts the values at these ascending positions: in one piece if there are no gaps and all are in the range. */
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

  protected writeBigInt(integer: bigint, row: number): void {
    this.view[2 * row] = Number(BigInt.asIntN(32, integer));
    this.view[2 * row + 1] = Number(BigInt.asIntN(32, integer >> 32n));
  }

  protected writeHalves(low: number, high: number, row: number): void {
    this.view[2 * row] = low;
    this.view[2 * row + 1] = high;
  }
}

/** Returns the high half of a 64-bit integer. */
export const highHalf = (integer: bigint | number): number => Number(BigInt(integer) >> 32n);

const UINT64_LIMIT = (1n << 64n) - 1n;

/** `UInt64`, from safe integers and from bigints. */
export class UInt64Writer extends SixtyFourBitWriter {
  constructor(field: Field) {
    super(field, 'UInt64');
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'number') {
      if (value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value) {
        this.write(value, row);
        return undefined;
      }
    } else if (typeof value === 'bigint' && value >= 0n && value <= UINT64_LIMIT) {
      this.writeBigInt(value, row);
      return undefined;
    }
    return this.judge(value, row);
  }

  values(rows: number): ColumnValues {
    return new BigUint64Array(this.bytes(rows));
  }
}

const INSTANT_RANGE = {
  least: highHalf(MIN_INSTANT) + 1,
  greatest: highHalf(MAX_INSTANT) - 1,
  /** The high half of all numbers that may be seconds. */
  doubtful: 0,
};

/** `DateTime64(3, 'UTC')`: Int64 milliseconds since the epoch. */
export class InstantWriter extends SixtyFourBitWriter {
  constructor(field: Field) {
    super(field, "DateTime64(3, 'UTC')", INSTANT_RANGE);
  }

  put(value: unknown, row: number): string | undefined {
    // The domain checks earlier instants: some numbers there are seconds.
    const ms = value instanceof Date ? value.getTime() : value;
    if (typeof ms === 'number' && ms > SECONDS.to && ms <= MAX_INSTANT && Math.floor(ms) === ms) {
      const { view } = this;
      view[2 * row] = ms;
      view[2 * row + 1] = Math.floor(ms / TWO_TO_32);
      return undefined;
    }
    return this.judge(value, row);
  }

  protected override putHalves(low: number, high: number, row: number): string | undefined {
    return this.put(high * TWO_TO_32 + (low >>> 0), row);
  }

  epochMs(row: number): number {
    return this.view[2 * row + 1]! * TWO_TO_32 + (this.view[2 * row]! >>> 0);
  }

  /** Returns whether the first rows all lie between these instants, the end excluded. */
  lieWithin(start: number, end: number, rows: number): boolean {
    const { view } = this;
    for (let row = 0; row < rows; row++) {
      const ms = view[2 * row + 1]! * TWO_TO_32 + (view[2 * row]! >>> 0);
      if (ms < start || ms >= end) return false;
    }
    return true;
  }

  /** Makes the first rows zero. */
  zero(rows: number): void {
    if (2 * rows > this.view.length) this.reserve(rows);
    this.view.fill(0, 0, 2 * rows);
  }

  /** Takes the first rows of another column. */
  copy(from: InstantWriter, count: number, firstRow: number): void {
    this.view.set(from.view.subarray(0, 2 * count), 2 * firstRow);
  }

  override store(value: Canonical, row: number): void {
    this.write(value as number, row);
  }

  values(rows: number): ColumnValues {
    const { view } = this;
    const instants = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      instants[row] = view[2 * row + 1]! * TWO_TO_32 + (view[2 * row]! >>> 0);
    }
    return instants;
  }
}

/** `DateTime64(8, 'UTC')`: Int64 units of 10 ns since the epoch, from bigints. */
export class VersionWriter extends SixtyFourBitWriter {
  constructor() {
    super({ kind: 'instant' }, "DateTime64(8, 'UTC')");
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value !== 'bigint') return 'must be a bigint';
    this.writeBigInt(value, row);
    return undefined;
  }

  values(rows: number): ColumnValues {
    return new BigInt64Array(this.bytes(rows));
  }
}
