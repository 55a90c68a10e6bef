import type { ByteInput, Reading } from './byte-input.js';
import { checkCount, readBytes, readUint64 } from './byte-input.js';
import type { ColumnReader, NativeColumn } from './column.js';
import { Int64Numbers, readArray } from './column.js';

export type Positions = Uint8Array | Uint16Array | Uint32Array;

/** A dictionary and each row's position in it, which must be one of it. Each value is made once. */
export class NativeDictionary<T = unknown> implements NativeColumn<T> {
  readonly length: number;
  readonly dictionary: readonly T[];

  constructor(
    readonly type: string,
    readonly positions: Positions,
    keys: NativeColumn<T>,
  ) {
    if (greatestOf(positions) >= keys.length)
      throw new RangeError('a position is beyond the end of its dictionary');
    this.length = positions.length;
    this.dictionary = valuesOf(keys);
  }

  at(row: number): T {
    return this.dictionary[this.positions[row]!]!;
  }
}

function greatestOf(positions: Positions): number {
  let greatest = -1;
  for (let row = 0; row < positions.length; row++) {
    if (positions[row]! > greatest) greatest = positions[row]!;
  }
  return greatest;
}

/** Names of small integers. */
export class EnumColumn implements NativeColumn<string> {
  readonly length: number;

  constructor(
    readonly type: string,
    readonly codes: Int8Array | Int16Array,
    readonly names: ReadonlyMap<number, string>,
  ) {
    for (const code of codes) if (!names.has(code)) throw new RangeError(`an enum has no value ${code}`);
    this.length = codes.length;
  }

  at(row: number): string {
    return this.names.get(this.codes[row]!)!;
  }
}

export class NullableColumn<T = unknown> implements NativeColumn<T | null> {
  readonly type: string;
  readonly length: number;

  constructor(
    readonly absent: Uint8Array,
    readonly values: NativeColumn<T>,
  ) {
    this.type = `Nullable(${values.type})`;
    this.length = absent.length;
  }

  at(row: number): T | null {
    return this.absent[row] ? null : this.values.at(row);
  }
}

/** Lists: where each row's items end, and the items of all rows. */
export class ArrayColumn<T = unknown> implements NativeColumn<T[]> {
  readonly type: string;
  readonly length: number;

  constructor(
    readonly ends: Int64Numbers,
    readonly items: NativeColumn<T>,
  ) {
    this.type = `Array(${items.type})`;
    this.length = ends.length;
  }

  at(row: number): T[] {
    const start = row === 0 ? 0 : this.ends.at(row - 1);
    return valuesOf(this.items, start, this.ends.at(row));
  }
}

/** Maps of names: where each row's entries end, then the names and the values of all rows. */
export class MapColumn<T = unknown> implements NativeColumn<Record<string, T>> {
  readonly type: string;
  readonly length: number;

  constructor(
    readonly ends: Int64Numbers,
    readonly names: NativeColumn<string>,
    readonly values: NativeColumn<T>,
  ) {
    this.type = `Map(${names.type}, ${values.type})`;
    this.length = ends.length;
  }

  at(row: number): Record<string, T> {
    const end = this.ends.at(row);
    const map: Record<string, T> = {};
    for (let i = row === 0 ? 0 : this.ends.at(row - 1); i < end; i++) {
      const name = this.names.at(i);
      const value = this.values.at(i);
      // As a plain member, this name would set the prototype.
      if (name === '__proto__') Object.defineProperty(map, name, { value, ...OWN });
      else map[name] = value;
    }
    return map;
  }
}

const OWN = { enumerable: true, writable: true, configurable: true } as const;

/** Several columns of as many rows each. */
class TupleColumn implements NativeColumn<unknown[]> {
  readonly length: number;

  constructor(
    readonly type: string,
    readonly elements: readonly NativeColumn[],
  ) {
    this.length = elements[0]!.length;
  }

  at(row: number): unknown[] {
    return this.elements.map((element) => element.at(row));
  }
}

/** Returns the values of a column's rows `from` up to `to`. */
function valuesOf<T>(column: NativeColumn<T>, from = 0, to = column.length): T[] {
  const values = new Array<T>(to - from);
  for (let i = 0; i < values.length; i++) values[i] = column.at(from + i);
  return values;
}

function prefixOf(readers: readonly ColumnReader[]): Pick<ColumnReader, 'prefix'> {
  const prefixes = readers.filter((reader) => reader.prefix);
  if (prefixes.length === 0) return {};
  return {
    *prefix(input) {
      for (const reader of prefixes) yield* reader.prefix!(input);
    },
  };
}

export function nullable(values: ColumnReader): ColumnReader {
  return {
    ...prefixOf([values]),
    *read(input, rows) {
      const absent = yield* readBytes(input, rows);
      return new NullableColumn(absent, yield* values.read(input, rows));
    },
  };
}

export function lists(items: ColumnReader): ColumnReader {
  return {
    ...prefixOf([items]),
    *read(input, rows) {
      const ends = yield* readEnds(input, rows);
      return new ArrayColumn(ends, yield* items.read(input, lastOf(ends)));
    },
  };
}

export function maps(names: ColumnReader<string>, values: ColumnReader): ColumnReader {
  return {
    ...prefixOf([names, values]),
    *read(input, rows) {
      const ends = yield* readEnds(input, rows);
      const entries = lastOf(ends);
      return new MapColumn(ends, yield* names.read(input, entries), yield* values.read(input, entries));
    },
  };
}

export function tuple(type: string, elements: readonly ColumnReader[]): ColumnReader {
  return {
    ...prefixOf(elements),
    *read(input, rows) {
      const columns = [];
      for (const element of elements) columns.push(yield* element.read(input, rows));
      return new TupleColumn(type, columns);
    },
  };
}

function* readEnds(input: ByteInput, rows: number): Reading<Int64Numbers> {
  const ends = new Int64Numbers(yield* readArray(input, Int32Array, 2 * rows));
  checkEnds(ends);
  return ends;
}

/** Throws `RangeError` unless the ends of the items of each row ascend, which reading the items relies on. */
export function checkEnds(ends: Int64Numbers): void {
  let last = 0;
  for (let row = 0; row < ends.length; row++) {
    const end = ends.at(row);
    if (end < last) throw new RangeError('the ends of lists do not ascend');
    last = end;
  }
  checkCount(last);
}

export const lastOf = (ends: Int64Numbers): number => (ends.length === 0 ? 0 : ends.at(ends.length - 1));

const POSITIONS = [Uint8Array, Uint16Array, Uint32Array] as const;
const KEYS_VERSION = 1;
const WIDTH_MASK = 0xff;
const SHARED_KEYS = 0x100;

/** Bytes before the keys of a dictionary: version, flags and number of keys. */
const KEYS_HEAD_BYTES = 24;
const UINT64_BYTES = 8;

/** See `DictionaryWriter` for the layout. With nulls among the values, the first key stands for null. */
export function dictionary(type: string, keys: ColumnReader, isNullable: boolean): ColumnReader {
  return {
    readWhole(input, rows) {
      const { bytes, offset } = input;
      if (offset + KEYS_HEAD_BYTES > bytes.length) return undefined;
      const version = Number(bytes.readBigUInt64LE(offset));
      const flags = bytes.readUInt32LE(offset + UINT64_BYTES);
      // Step by step, an unusual head is refused.
      const isUsual = version === KEYS_VERSION && (flags & SHARED_KEYS) === 0;
      const array = isUsual ? POSITIONS[flags & WIDTH_MASK] : undefined;
      if (!array) return undefined;
      input.offset += KEYS_HEAD_BYTES;
      const values = keys.readWhole?.(input, Number(bytes.readBigUInt64LE(offset + 2 * UINT64_BYTES)));
      const behindKeys = input.offset;
      if (
        values &&
        behindKeys + UINT64_BYTES <= bytes.length &&
        Number(bytes.readBigUInt64LE(behindKeys)) === rows
      ) {
        input.offset += UINT64_BYTES;
        const positions = input.take<Positions>(array, rows);
        if (positions) return new NativeDictionary(type, positions, isNullable ? withAbsent(values) : values);
      }
      input.offset = offset;
      return undefined;
    },
    *prefix(input) {
      checkKeysVersion(yield* readUint64(input));
    },
    *read(input, rows) {
      if (rows === 0) return new NativeDictionary(type, new Uint8Array(), yield* keys.read(input, 0));
      const positions = positionsOf(yield* readUint64(input));
      const count = checkCount(yield* readUint64(input));
      const values = yield* keys.read(input, count);
      if ((yield* readUint64(input)) !== rows) throw new TypeError('a dictionary comes in several parts');
      const read = yield* readArray<Positions>(input, positions, rows);
      return new NativeDictionary(type, read, isNullable ? withAbsent(values) : values);
    },
  };
}

/** Returns values of which the first stands for null. */
function withAbsent<T>(values: NativeColumn<T>): NativeColumn<T | null> {
  return new NullableColumn(
    Uint8Array.from({ length: values.length }, (_, i) => (i === 0 ? 1 : 0)),
    values,
  );
}

export function checkKeysVersion(version: number): void {
  if (version !== KEYS_VERSION) throw new TypeError('a dictionary comes in an unknown version');
}

/** Returns the array of positions that the flags of a dictionary announce. */
export function positionsOf(flags: number): (typeof POSITIONS)[number] {
  const positions = POSITIONS[flags & WIDTH_MASK];
  if (!positions || flags & SHARED_KEYS) throw new TypeError('a dictionary comes in an unknown form');
  return positions;
}
