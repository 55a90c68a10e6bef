import type { Field } from '@quantumtrade/dal-domain';
import type { NativeColumn, Numbers } from './column.js';
import {
  BigIntColumn,
  bigIntsOf,
  halvesOf,
  InstantColumn,
  Int64Numbers,
  NumberColumn,
  UuidColumn,
} from './column.js';
import type { KindReader, ReadField, RowRange } from './kind-reader.js';
import {
  expectColumn,
  Instants,
  joinArrays,
  joinLists,
  lengthOf,
  toOutput,
  unexpectedColumn,
} from './kind-reader.js';
import { ArrayColumn, MapColumn } from './nested-columns.js';

const TWO_TO_32 = 2 ** 32;

type Uint64Field = Extract<Field, { kind: 'uint64' }>;

/** Columns of these classes as they are, and joined as a list. */
const listsOf = (expected: typeof UuidColumn | typeof ArrayColumn | typeof MapColumn): KindReader => ({
  values: (column, field) => expectColumn<NativeColumn>(column, expected, field),
  join: (columns, field) =>
    joinLists(columns, (column) => expectColumn<NativeColumn>(column, expected, field)),
});

export const uuidKindReader = listsOf(UuidColumn);
export const listKindReader = listsOf(ArrayColumn);
export const mapKindReader = listsOf(MapColumn);

type NumbersClass<A> = new (length: number) => A;

/** Numbers of one width. */
export function numberKindReader<A extends Numbers>(array: NumbersClass<A>): KindReader {
  const expectNumbers = (column: NativeColumn, field: ReadField): NumberColumn => {
    const numbers = expectColumn(column, NumberColumn, field);
    if (numbers.values instanceof array) return numbers;
    // A migration may have widened the column since the rows were selected.
    const wide = new array(numbers.length);
    if (numbers.values.BYTES_PER_ELEMENT >= wide.BYTES_PER_ELEMENT) throw unexpectedColumn(column, field);
    wide.set(numbers.values);
    return new NumberColumn(numbers.type, wide);
  };
  return {
    values: (column, field, { from, to }) => expectNumbers(column, field).values.subarray(from, to),
    join: (columns, field) =>
      joinArrays<Numbers>(
        columns.map((column) => expectNumbers(column, field).values),
        (length) => new array(length),
      ),
  };
}

/** Writes UInt64 that are not absent as numbers into an array, from this position on. No bigint is made of a safe integer. */
function fillIntegers(
  column: BigIntColumn,
  field: ReadField,
  target: Float64Array,
  offset: number,
  { from, to, absent }: RowRange,
): void {
  const halves = halvesOf(column.values);
  for (let row = from; row < to; row++) {
    const value = (halves[2 * row + 1]! >>> 0) * TWO_TO_32 + (halves[2 * row]! >>> 0);
    if (value > Number.MAX_SAFE_INTEGER && !absent?.[row]) toOutput(field, column.at(row));
    target[offset + row - from] = value;
  }
}

const expectUint64 = (column: NativeColumn, field: ReadField): BigIntColumn => {
  const integers = expectColumn(column, BigIntColumn, field);
  if (integers.type !== 'UInt64') throw unexpectedColumn(column, field);
  return integers;
};

const areBigInts = ({ field, exact }: ReadField<Uint64Field>): boolean => exact || field.read === 'bigint';

export const uint64KindReader: KindReader<Uint64Field> = {
  values(column, field, range) {
    const integers = expectUint64(column, field);
    if (areBigInts(field)) return integers;
    const numbers = new Float64Array(range.to - range.from);
    fillIntegers(integers, field, numbers, 0, range);
    return numbers;
  },
  join(columns, field) {
    const found = columns.map((column) => expectUint64(column, field));
    if (areBigInts(field)) {
      const arrays = found.map(({ values }) => values as BigUint64Array);
      return joinArrays(arrays, (length) => new BigUint64Array(length));
    }
    const numbers = new Float64Array(lengthOf(found));
    let offset = 0;
    for (const column of found) {
      fillIntegers(column, field, numbers, offset, { from: 0, to: column.length });
      offset += column.length;
    }
    return numbers;
  },
};

/** Writes instants as epoch milliseconds into an array, from this position on. */
function fillInstants(
  { values, msPerUnit }: InstantColumn,
  target: Float64Array,
  offset: number,
  { from, to }: RowRange,
): void {
  if (values instanceof Int64Numbers) return fillIntegers64(values.halves, target, offset, from, to);
  const units = values.values;
  for (let row = from; row < to; row++) target[offset + row - from] = units[row]! * msPerUnit;
}

/** Writes Int64 as numbers into an array. */
function fillIntegers64(
  halves: Int32Array,
  target: Float64Array,
  offset: number,
  from: number,
  to: number,
): void {
  for (let row = from; row < to; row++) {
    target[offset + row - from] = halves[2 * row + 1]! * TWO_TO_32 + (halves[2 * row]! >>> 0);
  }
}

const expectInstants = (column: NativeColumn, field: ReadField): InstantColumn =>
  expectColumn(column, InstantColumn, field);

export const instantKindReader: KindReader = {
  values(column, field, range) {
    const milliseconds = new Float64Array(range.to - range.from);
    fillInstants(expectInstants(column, field), milliseconds, 0, range);
    return new Instants(milliseconds, range.from, field.instants);
  },
  join(columns, field) {
    const found = columns.map((column) => expectInstants(column, field));
    if (field.exact) return joinArrays(found.map(millisecondsOf), (length) => new BigInt64Array(length));
    const numbers = new Float64Array(lengthOf(found));
    let offset = 0;
    for (const column of found) {
      fillInstants(column, numbers, offset, { from: 0, to: column.length });
      offset += column.length;
    }
    return numbers;
  },
};

/** Epoch milliseconds. */
const millisecondsOf = (column: InstantColumn): BigInt64Array =>
  column.values instanceof Int64Numbers
    ? bigIntsOf(column.values.halves)
    : BigInt64Array.from({ length: column.length }, (_, row) => BigInt(column.at(row)));
