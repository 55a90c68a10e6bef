import type { ByteInput, Reading } from './byte-input.js';
import { checkCount, readBytes, readUint64 } from './byte-input.js';
import { Int64Numbers } from './column.js';
import type { ColumnReader } from './column-reader.js';
import { readArray } from './column-reader.js';
import type { Positions } from './nested-columns.js';
import { ArrayColumn, MapColumn, NativeDictionary, NullableColumn, TupleColumn } from './nested-columns.js';

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

/** See `DictionaryWriter` for the layout. With nulls among the values, the first key stands for null. */
export function dictionary(type: string, keys: ColumnReader, isNullable: boolean): ColumnReader {
  return {
    *prefix(input) {
      checkKeysVersion(yield* readUint64(input));
    },
    *read(input, rows) {
      if (rows === 0) return new NativeDictionary(type, new Uint8Array(), yield* keys.read(input, 0));
      const positions = positionsOf(yield* readUint64(input));
      const count = checkCount(yield* readUint64(input));
      const values = yield* keys.read(input, count);
      if ((yield* readUint64(input)) !== rows) throw new TypeError('a dictionary comes in several parts');
      return new NativeDictionary(
        type,
        yield* readArray<Positions>(input, positions, rows),
        isNullable ? new NullableColumn(firstAbsent(count), values) : values,
      );
    },
  };
}

const firstAbsent = (count: number): Uint8Array => {
  const absent = new Uint8Array(count);
  if (count > 0) absent[0] = 1;
  return absent;
};

export function checkKeysVersion(version: number): void {
  if (version !== KEYS_VERSION) throw new TypeError('a dictionary comes in an unknown version');
}

/** Returns the array of positions that the flags of a dictionary announce. */
export function positionsOf(flags: number): (typeof POSITIONS)[number] {
  const positions = POSITIONS[flags & WIDTH_MASK];
  if (!positions || flags & SHARED_KEYS) throw new TypeError('a dictionary comes in an unknown form');
  return positions;
}
