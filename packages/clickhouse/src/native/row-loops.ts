import type { ColumnWriter } from './column-writers/column-writer.js';
import type { DecimalWriter } from './column-writers/decimals.js';
import type { InstantWriter } from './column-writers/instants.js';
import type { UInt64Writer } from './column-writers/integers.js';
import type { ColumnField } from './column-writers/writer-of.js';

/** Told which row is refused and why. */
export type Refuse = (index: number, reason: string) => void;

/** Puts the values of the selected rows into a column, as its rows from `firstRow` on. */
export type RowLoop = (
  source: unknown,
  selection: Uint32Array,
  column: ColumnWriter,
  firstRow: number,
  refuse: Refuse,
) => void;

/**
 * One column's values, in place of rows. Strings out of few can come as a dictionary and positions in it. A
 * `BigInt64Array` holds epoch milliseconds for an instant and units of 10^-8 for a decimal.
 */
export type ColumnSource =
  | ArrayLike<unknown>
  | BigInt64Array
  | { readonly dictionary: readonly string[]; readonly positions: ArrayLike<number> };

/**
 * A loop of its own for each access, compiled at first use: the engine then knows the shape of the rows and the class of
 * the column, reads numbers without boxing them and puts the column's code in place of the call. One loop for all fields
 * takes nearly twice as long. Where the process forbids to compile strings, that one loop is used.
 */
let compiled = 0;

function compile(access: string, general: RowLoop): RowLoop {
  try {
    return new Function(
      'source, selection, column, firstRow, refuse',
      `// Loop ${++compiled}. Equal texts would share what the engine learns about them.
       for (let k = 0; k < selection.length; k++) {
         const i = selection[k];
         const reason = column.put(${access}, firstRow + k);
         if (reason !== undefined) refuse(i, reason);
       }`,
    ) as RowLoop;
  } catch {
    return general;
  }
}

function generalLoop(read: (source: unknown, index: number) => unknown): RowLoop {
  return (source, selection, column, firstRow, refuse) => {
    for (let k = 0; k < selection.length; k++) {
      const index = selection[k]!;
      const reason = column.put(read(source, index), firstRow + k);
      if (reason !== undefined) refuse(index, reason);
    }
  };
}

/** For a list of row objects with this property. */
export const propertyLoop = (name: string): RowLoop =>
  compile(
    `source[i][${JSON.stringify(name)}]`,
    generalLoop((rows, index) => (rows as Record<string, unknown>[])[index]![name]),
  );

/** For a list or typed array of one field's values. Give each kind of array a loop of its own. */
const elementLoop = (): RowLoop =>
  compile(
    'source[i]',
    generalLoop((values, index) => (values as ArrayLike<unknown>)[index]),
  );

/** For `{ dictionary, positions }`. */
const dictionaryLoop = (): RowLoop =>
  compile(
    'source.dictionary[source.positions[i]]',
    generalLoop((source, index) => {
      const { dictionary, positions } = source as { dictionary: string[]; positions: ArrayLike<number> };
      return dictionary[positions[index]!];
    }),
  );

/** For 64-bit arrays of integers, milliseconds or units. Their 32-bit halves are read, so that no bigint is made. */
const halvesLoop: RowLoop = (source, selection, column, firstRow, refuse) => {
  const { buffer, byteOffset, length } = source as BigInt64Array | BigUint64Array;
  const halves = new Int32Array(buffer, byteOffset, 2 * length);
  const target = column as DecimalWriter | InstantWriter | UInt64Writer;
  for (let k = 0; k < selection.length; k++) {
    const index = selection[k]!;
    const reason = target.putHalves(halves[2 * index]!, halves[2 * index + 1]!, firstRow + k);
    if (reason !== undefined) refuse(index, reason);
  }
};

/** The loop that fits a field given as values; `loops` keeps those made for it. */
export function loopForSource(
  source: ColumnSource,
  field: ColumnField,
  loops: Map<string, RowLoop>,
): RowLoop {
  if (source instanceof BigUint64Array && field.kind === 'uint64' && !field.nullable) return halvesLoop;
  if (source instanceof BigInt64Array && IN_HALVES.has(field.kind) && !field.nullable) return halvesLoop;
  const isDictionary = 'dictionary' in source;
  const kind = isDictionary ? `dictionary of ${source.positions.constructor.name}` : source.constructor.name;
  let loop = loops.get(kind);
  if (!loop) loops.set(kind, (loop = isDictionary ? dictionaryLoop() : elementLoop()));
  return loop;
}

const IN_HALVES: ReadonlySet<string> = new Set(['instant', 'decimal']);
