import type { Field } from '@quantumtrade/dal-domain';
import type { NativeColumn } from './column.js';
import { NumberColumn } from './column.js';
import type { ReadField, RowRange } from './kind-reader.js';
import { joinArrays } from './kind-reader.js';
import type { NumberMemory } from './number-memory.js';

/** Writes the values of rows as numbers into an array. */
type Fill<F extends Field> = (
  column: NativeColumn,
  field: ReadField<F>,
  target: Float64Array,
  range: RowRange,
) => void;

/** Numbers that the values of a column were converted to. */
class ConvertedNumbers extends NumberColumn {
  declare readonly values: Float64Array;
}

/** Converts columns of other forms to numbers. */
export class NumberConversion<F extends Field = Field> {
  readonly #fill: Fill<F>;

  constructor(fill: Fill<F>) {
    this.#fill = fill;
  }

  values(column: NativeColumn, field: ReadField<F>, range: RowRange, memory?: NumberMemory): Float64Array {
    const length = range.to - range.from;
    const numbers = memory ? memory.take(length) : new Float64Array(length);
    this.#fill(column, field, numbers, range);
    return numbers;
  }

  /** Returns a converted column as it is. */
  convert(column: NativeColumn, field: ReadField<F>, memory?: NumberMemory): ConvertedNumbers {
    if (column instanceof ConvertedNumbers) return column;
    const numbers = this.values(column, field, { from: 0, to: column.length }, memory);
    return new ConvertedNumbers(column.type, numbers);
  }

  /** Joins columns, converted or not. */
  join(columns: readonly NativeColumn[], field: ReadField<F>): Float64Array {
    const arrays = columns.map((column) => this.convert(column, field).values);
    return inOneMemory(arrays) ?? joinArrays(arrays, (length) => new Float64Array(length));
  }
}

/** Returns one view of arrays that lie one behind the other and fill most of their memory. */
function inOneMemory(arrays: readonly Float64Array[]): Float64Array | undefined {
  if (arrays.length === 0) return undefined;
  const { buffer, byteOffset } = arrays[0]!;
  let end = byteOffset;
  for (const array of arrays) {
    if (array.buffer !== buffer || array.byteOffset !== end) return undefined;
    end += array.byteLength;
  }
  const byteLength = end - byteOffset;
  if (2 * byteLength < buffer.byteLength) return undefined;
  return new Float64Array(buffer, byteOffset, byteLength / Float64Array.BYTES_PER_ELEMENT);
}
