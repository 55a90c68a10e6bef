import type { ByteReader } from './byte-reader.js';
import { Int64Numbers } from './column.js';
import { checkEnds, checkKeysVersion, lastOf, positionsOf } from './nested-columns.js';
import type { TypeName } from './type-name.js';
import { shortened } from './type-name.js';

type Pieces = readonly Uint8Array[];

/** Splits the data of one column, by the layout of its type, without making values of it. */
interface ColumnParts {
  /** Takes what comes before the data of all levels of the type; each part has all of it. */
  prefix?(reader: ByteReader): Pieces;
  /** Returns the data of the rows before `middle`, and of the rest. */
  split(reader: ByteReader, rows: number, middle: number): readonly [Pieces, Pieces];
}

const WIDTHS: Readonly<Record<string, number>> = {
  Bool: 1,
  UInt8: 1,
  Int8: 1,
  UInt16: 2,
  Int16: 2,
  Date: 2,
  UInt32: 4,
  Int32: 4,
  Float32: 4,
  DateTime: 4,
  UInt64: 8,
  Int64: 8,
  Float64: 8,
  DateTime64: 8,
  UUID: 16,
};

/** Returns what splits the columns of a type. Throws `TypeError` for a type that no table of the data layer has. */
export function columnPartsOf(type: TypeName): ColumnParts {
  const { name, parameters } = type;
  const [first, second] = parameters;
  const width = Object.hasOwn(WIDTHS, name) ? WIDTHS[name] : undefined;
  if (width !== undefined) return fixedWidth(width);
  if (name === 'String') return strings;
  if (name === 'Decimal') return fixedWidth(decimalWidth(Number(first?.text)));
  if (name === 'LowCardinality' && first) return dictionary(first);
  if (name === 'Nullable' && first) return columns([fixedWidth(1), columnPartsOf(first)]);
  if (name === 'Array' && first) return lists([columnPartsOf(first)]);
  if (name === 'Map' && first && second) return lists([columnPartsOf(first), columnPartsOf(second)]);
  throw new TypeError(`columns of type ${shortened(type)} cannot be split`);
}

const decimalWidth = (digits: number): number =>
  digits <= 9 ? 4 : digits <= 18 ? 8 : digits <= 38 ? 16 : 32;

function fixedWidth(width: number): ColumnParts {
  return {
    split: (reader, rows, middle) => [[reader.take(width * middle)], [reader.take(width * (rows - middle))]],
  };
}

const strings: ColumnParts = {
  split(reader, rows, middle) {
    const take = (count: number): Pieces => {
      const start = reader.offset;
      for (let i = 0; i < count; i++) reader.take(reader.varint());
      return [reader.since(start)];
    };
    return [take(middle), take(rows - middle)];
  },
};

/** Several columns of as many rows each, one after the other. */
function columns(parts: readonly ColumnParts[]): ColumnParts {
  return {
    prefix: (reader) => parts.flatMap((part) => part.prefix?.(reader) ?? []),
    split(reader, rows, middle) {
      const halves = parts.map((part) => part.split(reader, rows, middle));
      return [halves.flatMap(([before]) => before), halves.flatMap(([, after]) => after)];
    },
  };
}

/** Lists: the ends of the items of each row, then the columns of all items. */
function lists(parts: readonly ColumnParts[]): ColumnParts {
  const items = columns(parts);
  return {
    prefix: (reader) => items.prefix!(reader),
    split(reader, rows, middle) {
      const ends = new Int64Numbers(new Int32Array(reader.copy(8 * rows)));
      checkEnds(ends);
      const before = middle === 0 ? 0 : ends.at(middle - 1);
      const shifted = BigUint64Array.from({ length: rows }, (_, row) =>
        BigInt(ends.at(row) - (row < middle ? 0 : before)),
      );
      const [first, rest] = items.split(reader, lastOf(ends), before);
      return [
        [bytesOf(shifted.subarray(0, middle)), ...first],
        [bytesOf(shifted.subarray(middle)), ...rest],
      ];
    },
  };
}

/** Each part has the keys that its rows use, and the first, which may stand for null. */
function dictionary(type: TypeName): ColumnParts {
  const keys = columnPartsOf((type.name === 'Nullable' && type.parameters[0]) || type);
  return {
    prefix(reader) {
      const start = reader.offset;
      checkKeysVersion(reader.uint64());
      return [reader.since(start)];
    },
    split(reader, rows, middle) {
      if (rows === 0) return [[], []];
      const flags = reader.uint64();
      const Positions = positionsOf(flags);
      const count = reader.uint64();
      const texts = Array.from({ length: count }, () => keys.split(reader, 1, 1)[0]);
      if (reader.uint64() !== rows) throw new TypeError('a dictionary comes in several parts');
      const positions = new Positions(reader.copy(rows * Positions.BYTES_PER_ELEMENT));
      const part = (used: typeof positions): Pieces => {
        if (used.length === 0) return [];
        const kept = [...new Set([0, ...used])].sort((a, b) => a - b);
        const moved = new Map(kept.map((position, i) => [position, i]));
        return [
          uint64s(flags, kept.length),
          ...kept.flatMap((position) => {
            const text = texts[position];
            if (!text) throw new RangeError('a position is beyond the end of its dictionary');
            return text;
          }),
          uint64s(used.length),
          bytesOf(used.map((position) => moved.get(position)!)),
        ];
      };
      return [part(positions.subarray(0, middle)), part(positions.subarray(middle))];
    },
  };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

const uint64s = (...values: readonly number[]): Uint8Array =>
  bytesOf(BigUint64Array.from(values.map(BigInt)));
