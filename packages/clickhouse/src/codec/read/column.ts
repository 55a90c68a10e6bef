import type { ArrayClass, ByteInput, Reading } from './byte-input.js';
import { readBytes } from './byte-input.js';

/** One column of a block. */
export interface NativeColumn<T = unknown> {
  /** The ClickHouse type. */
  readonly type: string;
  readonly length: number;
  /**
   * Returns the value of one row, in the domain's canonical form where it has one: instants as epoch milliseconds, decimals as
   * units of their last digit and 64-bit integers as bigints.
   */
  at(row: number): T;
}

/** Reads the data of columns of one type, which is there only if the block has rows. */
export interface ColumnReader<T = unknown> {
  /** Reads what comes before the data; for nested types, that of all levels comes before the data of any. */
  prefix?(input: ByteInput): Reading<void>;
  read(input: ByteInput, rows: number): Reading<NativeColumn<T>>;
  /**
   * Reads a column, with what comes before its data, at once. Returns undefined, and has read nothing, where bytes are missing.
   * @default none: the type is always read step by step
   */
  readWhole?(input: ByteInput, rows: number): NativeColumn<T> | undefined;
}

export type Numbers =
  Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

const TWO_TO_32 = 2 ** 32;

/** Returns 64-bit values as halves, the low one of each first. */
export const halvesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Int32Array =>
  new Int32Array(buffer as ArrayBuffer, byteOffset, byteLength / 4);

/** Returns halves as 64-bit values. */
export const bigIntsOf = ({ buffer, byteOffset, byteLength }: Int32Array): BigInt64Array =>
  new BigInt64Array(buffer as ArrayBuffer, byteOffset, byteLength / 8);

/** Numbers of up to 32 bits, and floats. */
export class NumberColumn implements NativeColumn<number> {
  readonly length: number;

  constructor(
    readonly type: string,
    readonly values: Numbers,
  ) {
    this.length = values.length;
  }

  at(row: number): number {
    return this.values[row]!;
  }
}

export class BooleanColumn implements NativeColumn<boolean> {
  readonly type = 'Bool';
  readonly length: number;

  constructor(readonly values: Uint8Array) {
    this.length = values.length;
  }

  at(row: number): boolean {
    return this.values[row] !== 0;
  }
}

/** 64-bit integers, decimals of up to 18 digits as units, and versions. */
export class BigIntColumn implements NativeColumn<bigint> {
  readonly length: number;

  constructor(
    readonly type: string,
    readonly values: BigInt64Array | BigUint64Array,
    /** Digits after the point. */
    readonly scale = 0,
  ) {
    this.length = values.length;
  }

  at(row: number): bigint {
    return this.values[row]!;
  }
}

/** Integers of 128 and 256 bits and decimals of as many: 64-bit words, the lowest first. */
export class WideColumn implements NativeColumn<bigint> {
  readonly length: number;

  constructor(
    readonly type: string,
    readonly words: BigInt64Array,
    /** Words of one value. */
    readonly width: 2 | 4,
    /** Digits after the point. */
    readonly scale = 0,
  ) {
    this.length = words.length / width;
  }

  at(row: number): bigint {
    const first = row * this.width;
    let at = first + this.width - 1;
    let value = this.type.startsWith('U') ? BigInt.asUintN(64, this.words[at]!) : this.words[at]!;
    while (at > first) value = (value << 64n) | BigInt.asUintN(64, this.words[--at]!);
    return value;
  }
}

/** Dates and instants, as a whole number of some unit since the epoch. */
export class InstantColumn implements NativeColumn<number> {
  readonly length: number;

  constructor(
    readonly type: string,
    readonly values: NumberColumn | Int64Numbers,
    readonly msPerUnit: number,
  ) {
    this.length = values.length;
  }

  at(row: number): number {
    return this.values.at(row) * this.msPerUnit;
  }
}

/** Int64 as numbers, read from their 32-bit halves so that no bigint is made. */
export class Int64Numbers {
  readonly length: number;

  constructor(readonly halves: Int32Array) {
    this.length = halves.length / 2;
  }

  at(row: number): number {
    return this.halves[2 * row + 1]! * TWO_TO_32 + (this.halves[2 * row]! >>> 0);
  }
}

const HEX = Array.from({ length: 0x100 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Two 64-bit halves, each little-endian: read backwards they are the digits. */
export class UuidColumn implements NativeColumn<string> {
  readonly type = 'UUID';
  readonly length: number;

  constructor(readonly bytes: Uint8Array) {
    this.length = bytes.length / 16;
  }

  at(row: number): string {
    const { bytes } = this;
    const hex = (from: number, to: number) => {
      let digits = '';
      for (let i = from; i < to; i++) digits += HEX[bytes[16 * row + (i ^ 7)]!]!;
      return digits;
    };
    return `${hex(0, 4)}-${hex(4, 6)}-${hex(6, 8)}-${hex(8, 10)}-${hex(10, 16)}`;
  }
}

/** Reads an array of numbers. */
export function* readArray<A>(input: ByteInput, type: ArrayClass<A>, length: number): Reading<A> {
  const bytes = yield* readBytes(input, length * type.BYTES_PER_ELEMENT);
  return new type(bytes.buffer as ArrayBuffer, bytes.byteOffset, length);
}

/** Returns the reader of values of one width: as many elements of an array. */
export function fixed<A, T>(
  type: ArrayClass<A>,
  width: number,
  create: (values: A) => NativeColumn<T>,
): ColumnReader<T> {
  return {
    *read(input, rows) {
      return create(yield* readArray(input, type, rows * width));
    },
    readWhole(input, rows) {
      const values = input.take(type, rows * width);
      return values && create(values);
    },
  };
}

/** Returns the reader of numbers of up to 32 bits, or of floats. */
export const numbers = (type: string, array: ArrayClass<Numbers>): ColumnReader<number> => ({
  *read(input, rows) {
    return new NumberColumn(type, yield* readArray(input, array, rows));
  },
  readWhole(input, rows) {
    const values = input.take(array, rows);
    return values && new NumberColumn(type, values);
  },
});

/** Returns the reader of instants that are stored as milliseconds. */
export const millisecondsReader = (type: string): ColumnReader<number> =>
  fixed(Int32Array, 2, (halves) => new InstantColumn(type, new Int64Numbers(halves), 1));
