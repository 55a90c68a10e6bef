import { isAscii } from 'node:buffer';

/** One column of a decoded block. */
export interface DecodedColumn<T = unknown> {
  /** The ClickHouse type. */
  readonly type: string;
  readonly length: number;
  /**
   * The value of one row, in the domain's canonical form where it has one: instants as epoch milliseconds, decimals as
   * units of their last digit and 64-bit integers as bigints.
   */
  at(row: number): T;
}

type Numbers =
  Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

export class NumberColumn implements DecodedColumn<number> {
  constructor(
    readonly type: string,
    readonly values: Numbers,
  ) {}

  get length(): number {
    return this.values.length;
  }

  at(row: number): number {
    return this.values[row]!;
  }
}

export class BooleanColumn implements DecodedColumn<boolean> {
  readonly type = 'Bool';

  constructor(readonly values: Uint8Array) {}

  get length(): number {
    return this.values.length;
  }

  at(row: number): boolean {
    return this.values[row] !== 0;
  }
}

/** 64-bit integers, decimals of up to 18 digits as units, and versions. */
export class BigIntColumn implements DecodedColumn<bigint> {
  constructor(
    readonly type: string,
    readonly values: BigInt64Array | BigUint64Array,
  ) {}

  get length(): number {
    return this.values.length;
  }

  at(row: number): bigint {
    return this.values[row]!;
  }
}

/** Decimals of up to 38 digits, which sums of decimals are: two 64-bit halves, the low one first. */
export class WideDecimalColumn implements DecodedColumn<bigint> {
  constructor(
    readonly type: string,
    readonly halves: BigInt64Array,
  ) {}

  get length(): number {
    return this.halves.length / 2;
  }

  at(row: number): bigint {
    return (this.halves[2 * row + 1]! << 64n) + BigInt.asUintN(64, this.halves[2 * row]!);
  }
}

/** Instants, as a whole number of some unit since the epoch. */
export class InstantColumn implements DecodedColumn<number> {
  constructor(
    readonly type: string,
    readonly values: NumberColumn | Int64Numbers,
    readonly msPerUnit: number,
  ) {}

  get length(): number {
    return this.values.length;
  }

  at(row: number): number {
    return this.values.at(row) * this.msPerUnit;
  }
}

/** Int64 as numbers, read from their 32-bit halves so that no bigint is made. */
export class Int64Numbers {
  readonly #halves: Int32Array;

  constructor(bytes: ArrayBuffer) {
    this.#halves = new Int32Array(bytes);
  }

  get length(): number {
    return this.#halves.length / 2;
  }

  at(row: number): number {
    return this.#halves[2 * row + 1]! * 2 ** 32 + (this.#halves[2 * row]! >>> 0);
  }
}

/** Made into strings only when asked for. */
export class StringColumn implements DecodedColumn<string> {
  readonly type = 'String';
  readonly #bytes: Buffer;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  #ascii: boolean | undefined;

  constructor({ bytes, starts, ends }: { bytes: Buffer; starts: Uint32Array; ends: Uint32Array }) {
    this.#bytes = bytes;
    this.#starts = starts;
    this.#ends = ends;
  }

  get length(): number {
    return this.#ends.length;
  }

  at(row: number): string {
    this.#ascii ??= isAscii(this.#bytes);
    return this.#bytes.toString(this.#ascii ? 'latin1' : 'utf8', this.#starts[row]!, this.#ends[row]!);
  }
}

/** A dictionary and each row's position in it, which must be one of it. Each string is made once. */
export class DecodedDictionary<T> implements DecodedColumn<T> {
  readonly #values: T[];

  constructor(
    readonly type: string,
    readonly positions: Uint8Array | Uint16Array | Uint32Array,
    dictionary: DecodedColumn<T>,
  ) {
    for (const position of positions) {
      if (position >= dictionary.length)
        throw new RangeError('a position is beyond the end of its dictionary');
    }
    this.#values = Array.from({ length: dictionary.length }, (_, i) => dictionary.at(i));
  }

  get length(): number {
    return this.positions.length;
  }

  get dictionary(): readonly T[] {
    return this.#values;
  }

  at(row: number): T {
    return this.#values[this.positions[row]!]!;
  }
}

const HEX = Array.from({ length: 0x100 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Two 64-bit halves, each little-endian: read backwards they are the digits. */
export class UuidColumn implements DecodedColumn<string> {
  readonly type = 'UUID';

  constructor(readonly bytes: Uint8Array) {}

  get length(): number {
    return this.bytes.length / 16;
  }

  at(row: number): string {
    let digits = '';
    for (let i = 0; i < 16; i++) digits += HEX[this.bytes[16 * row + (i ^ 7)]!]!;
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
  }
}

export class NullableColumn<T> implements DecodedColumn<T | null> {
  readonly type: string;

  constructor(
    readonly absent: Uint8Array,
    readonly values: DecodedColumn<T>,
  ) {
    this.type = `Nullable(${values.type})`;
  }

  get length(): number {
    return this.absent.length;
  }

  at(row: number): T | null {
    return this.absent[row] ? null : this.values.at(row);
  }
}

/** Lists: where each row's items end, and the items of all rows. */
export class ArrayColumn<T> implements DecodedColumn<T[]> {
  readonly type: string;

  constructor(
    readonly ends: Int64Numbers,
    readonly items: DecodedColumn<T>,
  ) {
    this.type = `Array(${items.type})`;
  }

  get length(): number {
    return this.ends.length;
  }

  at(row: number): T[] {
    const start = row === 0 ? 0 : this.ends.at(row - 1);
    return Array.from({ length: this.ends.at(row) - start }, (_, i) => this.items.at(start + i));
  }
}

/** Maps of names: where each row's entries end, then the names and the values of all rows. */
export class MapColumn<T> implements DecodedColumn<Record<string, T>> {
  readonly type: string;

  constructor(
    readonly ends: Int64Numbers,
    readonly names: DecodedColumn<string>,
    readonly values: DecodedColumn<T>,
  ) {
    this.type = `Map(${names.type}, ${values.type})`;
  }

  get length(): number {
    return this.ends.length;
  }

  at(row: number): Record<string, T> {
    const start = row === 0 ? 0 : this.ends.at(row - 1);
    return Object.fromEntries(
      Array.from({ length: this.ends.at(row) - start }, (_, i) => [
        this.names.at(start + i),
        this.values.at(start + i),
      ]),
    );
  }
}
