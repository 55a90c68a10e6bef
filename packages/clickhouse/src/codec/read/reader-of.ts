import type { ByteReader } from './byte-reader.js';
import type { DecodedColumn } from './column.js';
import {
  ArrayColumn,
  BigIntColumn,
  BooleanColumn,
  DecodedDictionary,
  InstantColumn,
  Int64Numbers,
  MapColumn,
  NullableColumn,
  NumberColumn,
  StringColumn,
  UuidColumn,
  WideDecimalColumn,
} from './column.js';
import type { TypeName } from './type-name.js';
import { parseTypeName, shortened } from './type-name.js';

/** Reads one column's data, which is there only if the block has rows. */
export interface ColumnReader<T = unknown> {
  /** Reads what comes before the data; for nested types, that of all levels comes before the data of any. */
  prefix?(reader: ByteReader): void;
  read(reader: ByteReader, rows: number): DecodedColumn<T>;
}

const NUMBERS = {
  UInt8: Uint8Array,
  UInt16: Uint16Array,
  UInt32: Uint32Array,
  Int8: Int8Array,
  Int16: Int16Array,
  Int32: Int32Array,
  Float32: Float32Array,
  Float64: Float64Array,
} as const;

const BIG_INTEGERS = { UInt64: BigUint64Array, Int64: BigInt64Array } as const;

/** Returns the reader of a type. Throws `TypeError` for a type that no statement of the data layer selects. */
export const readerOf = (type: string): ColumnReader => readerOfType(parseTypeName(type));

function readerOfType(type: TypeName): ColumnReader {
  const { text, name, parameters } = type;
  const [first = NOTHING, second = NOTHING] = parameters;
  if (Object.hasOwn(NUMBERS, name)) return numbers(text, NUMBERS[name as keyof typeof NUMBERS]);
  if (Object.hasOwn(BIG_INTEGERS, name)) {
    return bigIntegers(text, BIG_INTEGERS[name as keyof typeof BIG_INTEGERS]);
  }
  switch (name) {
    case 'Bool':
      return { read: (reader, rows) => new BooleanColumn(new Uint8Array(reader.copy(rows))) };
    case 'Decimal':
      return decimals(type, Number(first.text));
    case 'Date':
      return instants(text, (reader, rows) => numbers('UInt16', Uint16Array).read(reader, rows), 86_400_000);
    case 'DateTime':
      return instants(text, (reader, rows) => numbers('UInt32', Uint32Array).read(reader, rows), 1_000);
    case 'DateTime64':
      if (first.text === '3') {
        return instants(text, (reader, rows) => new Int64Numbers(reader.copy(8 * rows)), 1);
      }
      if (first.text === '8') return bigIntegers(text, BigInt64Array);
      break;
    case 'String':
      return strings;
    case 'UUID':
      return { read: (reader, rows) => new UuidColumn(new Uint8Array(reader.copy(16 * rows))) };
    case 'LowCardinality':
      return dictionary(text, first);
    case 'Nullable':
      return nullable(readerOfType(first));
    case 'Array':
      return lists(readerOfType(first));
    case 'Map':
      if (first.text === 'String' || first.text === 'LowCardinality(String)') {
        return maps(readerOfType(first) as ColumnReader<string>, readerOfType(second));
      }
  }
  throw unreadable(type);
}

const NOTHING: TypeName = { text: '', name: '', parameters: [] };

const unreadable = (type: TypeName): TypeError =>
  new TypeError(`columns of type ${shortened(type)} cannot be read`);

const strings: ColumnReader<string> = { read: (reader, rows) => new StringColumn(reader.strings(rows)) };

function numbers(
  type: string,
  array: (typeof NUMBERS)[keyof typeof NUMBERS],
): { read(reader: ByteReader, rows: number): NumberColumn } {
  return {
    read: (reader, rows) => new NumberColumn(type, new array(reader.copy(rows * array.BYTES_PER_ELEMENT))),
  };
}

function bigIntegers(type: string, array: (typeof BIG_INTEGERS)[keyof typeof BIG_INTEGERS]): ColumnReader {
  return { read: (reader, rows) => new BigIntColumn(type, new array(reader.copy(8 * rows))) };
}

/** The width follows from the number of digits. */
function decimals(type: TypeName, digits: number): ColumnReader {
  const { text } = type;
  if (digits > 9 && digits <= 18) return bigIntegers(text, BigInt64Array);
  if (digits > 18 && digits <= 38) {
    return { read: (reader, rows) => new WideDecimalColumn(text, new BigInt64Array(reader.copy(16 * rows))) };
  }
  throw unreadable(type);
}

function instants(
  type: string,
  read: (reader: ByteReader, rows: number) => NumberColumn | Int64Numbers,
  msPerUnit: number,
): ColumnReader {
  return { read: (reader, rows) => new InstantColumn(type, read(reader, rows), msPerUnit) };
}

function nullable(values: ColumnReader): ColumnReader {
  return {
    prefix: (reader) => values.prefix?.(reader),
    read: (reader, rows) => new NullableColumn(new Uint8Array(reader.copy(rows)), values.read(reader, rows)),
  };
}

function lists(items: ColumnReader): ColumnReader {
  return {
    prefix: (reader) => items.prefix?.(reader),
    read(reader, rows) {
      const ends = endsOf(reader, rows);
      return new ArrayColumn(ends, items.read(reader, lastOf(ends)));
    },
  };
}

function maps(names: ColumnReader<string>, values: ColumnReader): ColumnReader {
  return {
    prefix(reader) {
      names.prefix?.(reader);
      values.prefix?.(reader);
    },
    read(reader, rows) {
      const ends = endsOf(reader, rows);
      const entries = lastOf(ends);
      return new MapColumn(ends, names.read(reader, entries), values.read(reader, entries));
    },
  };
}

/** Reads the ends of the items of each row. Throws `RangeError` unless they ascend, which reading the items relies on. */
export function endsOf(reader: ByteReader, rows: number): Int64Numbers {
  const ends = new Int64Numbers(reader.copy(8 * rows));
  let last = 0;
  for (let row = 0; row < rows; row++) {
    const end = ends.at(row);
    if (end < last) throw new RangeError('the ends of lists do not ascend');
    last = end;
  }
  return ends;
}

export const lastOf = (ends: Int64Numbers): number => (ends.length === 0 ? 0 : ends.at(ends.length - 1));

const POSITIONS = [Uint8Array, Uint16Array, Uint32Array] as const;
const KEYS_VERSION = 1;
const WIDTH_MASK = 0xff;
const SHARED_KEYS = 0x100;

/** See `DictionaryWriter` for the layout. With nulls among the values, the first key stands for null. */
function dictionary(type: string, keyType: TypeName): ColumnReader {
  const isNullable = keyType.name === 'Nullable';
  const keys = readerOfType(isNullable ? (keyType.parameters[0] ?? NOTHING) : keyType);
  return {
    prefix: expectKeysVersion,
    read(reader, rows) {
      if (rows === 0) return new DecodedDictionary(type, new Uint8Array(), keys.read(reader, 0));
      const { positions, count } = dictionaryHead(reader);
      const values = keys.read(reader, count);
      if (reader.uint64() !== rows) throw new TypeError('a dictionary comes in several parts');
      const absent = Uint8Array.from({ length: count }, (_, i) => Number(isNullable && i === 0));
      return new DecodedDictionary(
        type,
        new positions(reader.copy(rows * positions.BYTES_PER_ELEMENT)),
        isNullable ? new NullableColumn(absent, values) : values,
      );
    },
  };
}

export function expectKeysVersion(reader: ByteReader): void {
  if (reader.uint64() !== KEYS_VERSION) throw new TypeError('a dictionary comes in an unknown version');
}

/** Reads what precedes the keys: the width of the positions and the number of keys. */
export function dictionaryHead(reader: ByteReader) {
  const flags = reader.uint64();
  const positions = POSITIONS[flags & WIDTH_MASK];
  if (!positions || flags & SHARED_KEYS) throw new TypeError('a dictionary comes in an unknown form');
  return { flags, positions, count: reader.uint64() };
}
