import type { ByteReader } from './byte-reader.js';
import type { Column } from './column.js';
import {
  ArrayColumn,
  BigIntColumn,
  BooleanColumn,
  DictionaryColumn,
  InstantColumn,
  Int64Numbers,
  MapColumn,
  NullableColumn,
  NumberColumn,
  StringColumn,
  UuidColumn,
  WideDecimalColumn,
} from './column.js';
import { parseTypeName } from './type-name.js';

/** Reads one column's data, which is there only if the block has rows. */
export interface ColumnReader<T = unknown> {
  /** What a type says about itself before the data; for nested types, of all levels before the data of any. */
  prefix?(reader: ByteReader): void;
  read(reader: ByteReader, rows: number): Column<T>;
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

/** The reader of a type. Throws `TypeError` for a type that no statement of the data layer selects. */
export function readerOf(type: string): ColumnReader {
  const { name, parameters } = parseTypeName(type);
  const [first = '', second = ''] = parameters;
  if (name in NUMBERS) return numbers(type, NUMBERS[name as keyof typeof NUMBERS]);
  if (name in BIG_INTEGERS) return bigIntegers(type, BIG_INTEGERS[name as keyof typeof BIG_INTEGERS]);
  switch (name) {
    case 'Bool':
      return { read: (reader, rows) => new BooleanColumn(new Uint8Array(reader.copy(rows))) };
    case 'Decimal':
      return decimals(type, Number(first));
    case 'Date':
      return instants(type, (reader, rows) => numbers('UInt16', Uint16Array).read(reader, rows), 86_400_000);
    case 'DateTime':
      return instants(type, (reader, rows) => numbers('UInt32', Uint32Array).read(reader, rows), 1_000);
    case 'DateTime64':
      if (first === '3') return instants(type, (reader, rows) => new Int64Numbers(reader.copy(8 * rows)), 1);
      if (first === '8') return bigIntegers(type, BigInt64Array);
      break;
    case 'String':
      return strings;
    case 'UUID':
      return { read: (reader, rows) => new UuidColumn(new Uint8Array(reader.copy(16 * rows))) };
    case 'LowCardinality':
      return dictionary(type, first);
    case 'Nullable':
      return nullable(readerOf(first));
    case 'Array':
      return lists(readerOf(first));
    case 'Map':
      if (first === 'String' || first === 'LowCardinality(String)') {
        return maps(readerOf(first) as ColumnReader<string>, readerOf(second));
      }
  }
  throw new TypeError(`columns of type ${type} cannot be read`);
}

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
function decimals(type: string, digits: number): ColumnReader {
  if (digits > 9 && digits <= 18) return bigIntegers(type, BigInt64Array);
  if (digits > 18 && digits <= 38) {
    return { read: (reader, rows) => new WideDecimalColumn(type, new BigInt64Array(reader.copy(16 * rows))) };
  }
  throw new TypeError(`columns of type ${type} cannot be read`);
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
      const ends = new Int64Numbers(reader.copy(8 * rows));
      return new ArrayColumn(ends, items.read(reader, rows === 0 ? 0 : ends.at(rows - 1)));
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
      const ends = new Int64Numbers(reader.copy(8 * rows));
      const entries = rows === 0 ? 0 : ends.at(rows - 1);
      return new MapColumn(ends, names.read(reader, entries), values.read(reader, entries));
    },
  };
}

const POSITIONS = [Uint8Array, Uint16Array, Uint32Array] as const;
const KEYS_VERSION = 1;
const WIDTH_MASK = 0xff;
const SHARED_KEYS = 0x100;

/** See `DictionaryWriter` for the layout. With nulls among the values, the first key stands for null. */
function dictionary(type: string, keyType: string): ColumnReader {
  const { name, parameters } = parseTypeName(keyType);
  const isNullable = name === 'Nullable';
  const keys = readerOf(isNullable ? parameters[0]! : keyType);
  return {
    prefix(reader) {
      if (reader.uint64() !== KEYS_VERSION) throw new TypeError(`${type} comes in an unknown version`);
    },
    read(reader, rows) {
      if (rows === 0) return new DictionaryColumn(type, new Uint8Array(), keys.read(reader, 0));
      const flags = reader.uint64();
      const positions = POSITIONS[flags & WIDTH_MASK];
      if (!positions || flags & SHARED_KEYS) throw new TypeError(`${type} comes in an unknown form`);
      const count = reader.uint64();
      const values = keys.read(reader, count);
      if (reader.uint64() !== rows) throw new TypeError(`${type} comes in several parts`);
      const absent = Uint8Array.from({ length: count }, (_, i) => Number(isNullable && i === 0));
      return new DictionaryColumn(
        type,
        new positions(reader.copy(rows * positions.BYTES_PER_ELEMENT)),
        isNullable ? new NullableColumn(absent, values) : values,
      );
    },
  };
}
