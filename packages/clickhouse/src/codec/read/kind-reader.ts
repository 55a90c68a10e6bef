import type { Canonical, Field, InstantForm } from '@quantumtrade/dal-domain';
import { Invalid, toOutputField } from '@quantumtrade/dal-domain';
import type { ColumnValues } from '../columns/column-writer.js';
import type { NativeColumn, Numbers } from './column.js';
import type { NumberMemory } from './number-memory.js';

/** A field whose values are read. */
export interface ReadField<F extends Field = Field> {
  readonly field: F;
  /** Whether decimals are strings and 64-bit integers are bigints. */
  readonly exact: boolean;
  /** Form of instants in rows. */
  readonly instants: InstantForm;
  /** Throws the error of a value that cannot be returned as asked. */
  readonly refuse: (invalid: Invalid) => never;
}

/** Rows of a block. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
  /** Rows without a value are marked by 1. */
  readonly absent?: Uint8Array | undefined;
}

/**
 * Values of the rows of a range. Numbers are an array, which begins with the first row of the range: its elements are read faster
 * than a method is called.
 */
export type RowValues = Numbers | ColumnValues;

/** Instants of a range of rows, as numbers or each as a `Date` of its own. */
export class Instants implements ColumnValues {
  readonly #from: number;

  constructor(
    /** Epoch milliseconds, beginning with the first row of the range. */
    readonly milliseconds: Float64Array,
    from: number,
    readonly form: InstantForm,
  ) {
    this.#from = from;
  }

  at(row: number): Date | number {
    const milliseconds = this.milliseconds[row - this.#from]!;
    return this.form === 'number' ? milliseconds : new Date(milliseconds);
  }
}

/** Values of a range of rows, some of which have none. */
export class NullableValues implements ColumnValues {
  readonly #from: number;

  constructor(
    /** Rows of the block without a value are marked by 1. */
    readonly absent: Uint8Array,
    readonly values: RowValues,
    from: number,
  ) {
    this.#from = from;
  }

  at(row: number): unknown {
    return this.absent[row] ? null : valueAt(this.values, row, this.#from);
  }
}

/** Converts columns of blocks to the values of one kind of field. */
export interface KindReader<F extends Field = Field> {
  /**
   * Returns the values of rows. Absent ones may be anything, and are not checked. Converted numbers are in the memory, where one is given.
   */
  readonly values: (
    column: NativeColumn,
    field: ReadField<F>,
    range: RowRange,
    memory?: NumberMemory,
  ) => RowValues;
  /**
   * Converts the column of a block while further blocks are on their way. `join` takes converted columns as well.
   * @default none: the column stays as it is
   */
  readonly convert?: (column: NativeColumn, field: ReadField<F>, memory: NumberMemory) => NativeColumn;
  /** Joins the columns of several blocks, whose values are never null. */
  readonly join: (columns: readonly NativeColumn[], field: ReadField<F>) => unknown;
}

/** Converts a canonical value as the domain does. Throws where it cannot be returned as asked. */
export function toOutput({ field, exact, refuse }: ReadField, value: Canonical): unknown {
  const output = toOutputField(field, value, exact);
  return output instanceof Invalid ? refuse(output) : output;
}

/** Returns the value of one row of a range that begins at `from`. */
export const valueAt = (values: RowValues, row: number, from: number): unknown =>
  ArrayBuffer.isView(values) ? values[row - from] : values.at(row);

type Class<C> = new (...parameters: never[]) => C;

/** Returns a column of this class. Throws `TypeError` where the table has a column of another type. */
export function expectColumn<C extends NativeColumn>(
  column: NativeColumn,
  expected: Class<C>,
  field: ReadField,
): C {
  if (column instanceof expected) return column;
  throw unexpectedColumn(column, field);
}

export const unexpectedColumn = ({ type }: NativeColumn, { field }: ReadField): TypeError =>
  new TypeError(`a column of type ${type} has no values of the kind ${field.kind}`);

/** Returns the number of rows of all columns. */
export function lengthOf(columns: readonly NativeColumn[]): number {
  let length = 0;
  for (const column of columns) length += column.length;
  return length;
}

interface Settable<A> {
  set(values: A, offset: number): void;
}

/** Joins arrays; one alone is returned as it is. */
export function joinArrays<A extends Settable<A> & { readonly length: number }>(
  arrays: readonly A[],
  create: (length: number) => A,
): A {
  if (arrays.length === 1) return arrays[0]!;
  let length = 0;
  for (const array of arrays) length += array.length;
  const joined = create(length);
  let offset = 0;
  for (const array of arrays) {
    joined.set(array, offset);
    offset += array.length;
  }
  return joined;
}

/** Returns the values of all columns in one list. */
export function joinLists(
  columns: readonly NativeColumn[],
  valuesOf: (column: NativeColumn, range: RowRange) => RowValues,
): unknown[] {
  const list: unknown[] = new Array(lengthOf(columns));
  let at = 0;
  for (const column of columns) {
    const values = valuesOf(column, { from: 0, to: column.length });
    for (let row = 0; row < column.length; row++) list[at++] = valueAt(values, row, 0);
  }
  return list;
}
