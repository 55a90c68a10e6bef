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
import { NumberConversion } from './converted-numbers.js';
import type { KindReader, ReadField, RowRange } from './kind-reader.js';
import { expectColumn, Instants, joinArrays, joinLists, toOutput, unexpectedColumn } from './kind-reader.js';
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

/** Writes UInt64 that are not absent as numbers into an array. No bigint is made of a safe integer. */
function fillIntegers(
  column: BigIntColumn,
  field: ReadField,
  target: Float64Array,
  { from, to, absent }: RowRange,
): void {
  const halves = halvesOf(column.values);
  for (let row = from; row < to; row++) {
    const value = (halves[2 * row + 1]! >>> 0) * TWO_TO_32 + (halves[2 * row]! >>> 0);
    if (value > Number.MAX_SAFE_INTEGER && !absent?.[row]) toOutput(field, column.at(row));
    target[row - from] = value;
  }
}

const expectUint64 = (column: NativeColumn, field: ReadField): BigIntColumn => {
  const integers = expectColumn(column, BigIntColumn, field);
  if (integers.type !== 'UInt64') throw unexpectedColumn(column, field);
  return integers;
};

const areBigInts = ({ field, exact }: ReadField<Uint64Field>): boolean => exact || field.read === 'bigint';

const integers = new NumberConversion<Uint64Field>((column, field, target, range) => {
  fillIntegers(expectUint64(column, field), field, target, range);
});

export const uint64KindReader: KindReader<Uint64Field> = {
  values: (column, field, range, memory) =>
    areBigInts(field) ? expectUint64(column, field) : integers.values(column, field, range, memory),
  convert: (column, field, memory) => (areBigInts(field) ? column : integers.convert(column, field, memory)),
  join(columns, field) {
    if (!areBigInts(field)) return integers.join(columns, field);
    const arrays = columns.map((column) => expectUint64(column, field).values as BigUint64Array);
    return joinArrays(arrays, (length) => new BigUint64Array(length));
  },
};

/** Writes instants as epoch milliseconds into an array. */
function fillInstants(
  { values, msPerUnit }: InstantColumn,
  target: Float64Array,
  { from, to }: RowRange,
): void {
  if (values instanceof Int64Numbers) return fillIntegers64(values.halves, target, from, to);
  const units = values.values;
  for (let row = from; row < to; row++) target[row - from] = units[row]! * msPerUnit;
}

/** Writes Int64 as numbers into an array. */
function fillIntegers64(halves: Int32Array, target: Float64Array, from: number, to: number): void {
  for (let row = from; row < to; row++) {
    target[row - from] = halves[2 * row + 1]! * TWO_TO_32 + (halves[2 * row]! >>> 0);
  }
}

const expectInstants = (column: NativeColumn, field: ReadField): InstantColumn =>
  expectColumn(column, InstantColumn, field);

const milliseconds = new NumberConversion((column, field, target, range) => {
  fillInstants(expectInstants(column, field), target, range);
});

export const instantKindReader: KindReader = {
  values: (column, field, range, memory) =>
    new Instants(milliseconds.values(column, field, range, memory), range.from, field.instants),
  convert: (column, field, memory) => (field.exact ? column : milliseconds.convert(column, field, memory)),
  join(columns, field) {
    if (!field.exact) return milliseconds.join(columns, field);
    const found = columns.map((column) => expectInstants(column, field));
    return joinArrays(found.map(millisecondsOf), (length) => new BigInt64Array(length));
  },
};

/** Epoch milliseconds. */
const millisecondsOf = (column: InstantColumn): BigInt64Array =>
  column.values instanceof Int64Numbers
    ? bigIntsOf(column.values.halves)
    : BigInt64Array.from({ length: column.length }, (_, row) => BigInt(column.at(row)));
