import type { ArrayClass } from './byte-input.js';
import { readBytes } from './byte-input.js';
import type { ColumnReader, Numbers } from './column.js';
import {
  BigIntColumn,
  BooleanColumn,
  fixed,
  InstantColumn,
  millisecondsReader,
  NumberColumn,
  numbers,
  UuidColumn,
  WideColumn,
} from './column.js';
import { dictionary, EnumColumn, lists, maps, nullable, tuple } from './nested-columns.js';
import { checkedStrings, strings } from './string-column.js';
import type { TypeName } from './type-name.js';
import { elementType, enumNames, parseTypeName, shortened } from './type-name.js';

const NUMBERS: Readonly<Record<string, ArrayClass<Numbers>>> = {
  UInt8: Uint8Array,
  UInt16: Uint16Array,
  UInt32: Uint32Array,
  Int8: Int8Array,
  Int16: Int16Array,
  Int32: Int32Array,
  Float32: Float32Array,
  Float64: Float64Array,
};

const BIG_INTEGERS: Readonly<Record<string, ArrayClass<BigInt64Array | BigUint64Array>>> = {
  UInt64: BigUint64Array,
  Int64: BigInt64Array,
};
const WIDE_INTEGERS: Readonly<Record<string, 2 | 4>> = { Int128: 2, UInt128: 2, Int256: 4, UInt256: 4 };
const ENUMS: Readonly<Record<string, ArrayClass<Int8Array | Int16Array>>> = {
  Enum8: Int8Array,
  Enum16: Int16Array,
};

/** The readers of the types that answers named so far. */
const readers = new Map<string, ColumnReader>();
/** Far more types than the tables and statements of the data layer have. */
const MAX_READERS = 1_000;

/** Returns the reader of a type. Throws `TypeError` for a type that no statement of the data layer selects. */
export function readerOf(type: string): ColumnReader {
  let reader = readers.get(type);
  if (!reader) {
    reader = createReader(parseTypeName(type));
    if (readers.size === MAX_READERS) readers.clear();
    readers.set(type, reader);
  }
  return reader;
}

function createReader(type: TypeName): ColumnReader {
  const { text, name, parameters } = type;
  const [first = NOTHING, second = NOTHING] = parameters;
  if (Object.hasOwn(NUMBERS, name)) {
    return numbers(text, NUMBERS[name]!);
  }
  if (Object.hasOwn(BIG_INTEGERS, name)) {
    return fixed(BIG_INTEGERS[name]!, 1, (values) => new BigIntColumn(text, values));
  }
  if (Object.hasOwn(WIDE_INTEGERS, name)) return wideIntegers(text, WIDE_INTEGERS[name]!);
  if (Object.hasOwn(ENUMS, name)) {
    const names = enumNames(type);
    return fixed(ENUMS[name]!, 1, (codes) => new EnumColumn(text, codes, names));
  }
  switch (name) {
    case 'Bool':
      return fixed(Uint8Array, 1, (values) => new BooleanColumn(values));
    case 'Decimal':
      return decimals(type, Number(first.text), Number(second.text));
    case 'Date':
    case 'DateTime':
    case 'DateTime64':
      return instants(type, first.text);
    case 'String':
      return strings;
    case 'FixedString':
      return fixedStrings(type, Number(first.text));
    case 'UUID':
      return fixed(Uint8Array, 16, (bytes) => new UuidColumn(bytes));
    case 'LowCardinality': {
      const isNullable = first.name === 'Nullable';
      return dictionary(
        text,
        createReader(isNullable ? (first.parameters[0] ?? NOTHING) : first),
        isNullable,
      );
    }
    case 'Nullable':
      return nullable(createReader(first));
    case 'Array':
      return lists(createReader(first));
    case 'Map':
      if (first.text !== 'String' && first.text !== 'LowCardinality(String)') break;
      return maps(createReader(first) as ColumnReader<string>, createReader(second));
    case 'Tuple':
      if (parameters.length > 0) return tuple(text, parameters.map(elementType).map(createReader));
  }
  throw unreadable(type);
}

const NOTHING: TypeName = { text: '', name: '', parameters: [] };

const unreadable = (type: TypeName): TypeError =>
  new TypeError(`columns of type ${shortened(type)} cannot be read`);

const wideIntegers = (type: string, width: 2 | 4, scale?: number): ColumnReader =>
  fixed(BigInt64Array, width, (words) => new WideColumn(type, words, width, scale));

/** The width follows from the number of digits. */
function decimals(type: TypeName, digits: number, scale: number): ColumnReader {
  const { text } = type;
  if (digits > 9 && digits <= 18) {
    return fixed(BigInt64Array, 1, (values) => new BigIntColumn(text, values, scale));
  }
  if (digits > 18 && digits <= 38) return wideIntegers(text, 2, scale);
  if (digits > 38 && digits <= 76) return wideIntegers(text, 4, scale);
  throw unreadable(type);
}

function instants(type: TypeName, precision: string): ColumnReader {
  const { name, text } = type;
  if (name === 'Date') return instantsOf(text, Uint16Array, 86_400_000);
  if (name === 'DateTime') return instantsOf(text, Uint32Array, 1_000);
  if (precision === '3') return millisecondsReader(text);
  if (precision === '8') return fixed(BigInt64Array, 1, (values) => new BigIntColumn(text, values));
  throw unreadable(type);
}

const instantsOf = (
  type: string,
  array: ArrayClass<Uint16Array | Uint32Array>,
  msPerUnit: number,
): ColumnReader =>
  fixed(array, 1, (values) => new InstantColumn(type, new NumberColumn(type, values), msPerUnit));

/** Strings of one length; the server fills shorter ones with zeros, which belong to the value. */
function fixedStrings(type: TypeName, width: number): ColumnReader<string> {
  if (!(width > 0)) throw unreadable(type);
  return {
    *read(input, rows) {
      const bytes = yield* readBytes(input, rows * width);
      const places = new Uint32Array(2 * rows);
      for (let i = 0; i < places.length; i++) places[i] = Math.ceil(i / 2) * width;
      return checkedStrings(bytes, places, type.text);
    },
  };
}
