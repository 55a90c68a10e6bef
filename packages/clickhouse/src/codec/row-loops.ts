import type { Column, DictionaryColumn } from '@quantumtrade/dal-domain';
import type { ColumnWriter, Refuse } from './columns/column-writer.js';
import type { DictionaryWriter } from './columns/dictionary.js';
import type { SixtyFourBitWriter } from './columns/fixed-width.js';
import type { WideDecimalWriter } from './columns/wide-decimals.js';
import type { ColumnField } from './columns/writer-of.js';

/** Puts the values of the selected rows into a column, as its rows from `firstRow` on. */
export type RowLoop = (
  source: unknown,
  selection: Uint32Array,
  column: ColumnWriter,
  firstRow: number,
  refuse: Refuse,
) => void;

let compiled = 0;

/**
 * A loop of its own for each access, compiled at first use: the engine then knows the shape of the rows and the class of
 * the column, reads numbers without boxing them and puts the column's code in place of the call. One loop for all fields
 * takes nearly twice as long. Where the process forbids to compile strings, that one loop is used.
 */
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

/** For 64-bit arrays of integers, milliseconds or units. */
const halvesLoop: RowLoop = (source, selection, column, firstRow, refuse) => {
  const { buffer, byteOffset, length } = source as BigInt64Array | BigUint64Array;
  const halves = new Int32Array(buffer, byteOffset, 2 * length);
  (column as SixtyFourBitWriter).putAll(halves, selection, firstRow, refuse);
};

/** The same for decimals of 38 digits; a `BigUint64Array` holds whole numbers. */
const wideLoop: RowLoop = (source, selection, column, firstRow, refuse) => {
  (column as WideDecimalWriter).putAll(source as BigInt64Array | BigUint64Array, selection, firstRow, refuse);
};

const dictionaryLoop: RowLoop = (source, selection, column, firstRow, refuse) => {
  (column as DictionaryWriter).putAll(source as DictionaryColumn, selection, firstRow, refuse);
};

const SIGNED: ReadonlySet<string> = new Set(['instant', 'decimal']);
const IN_DICTIONARY: ReadonlySet<string> = new Set(['symbol', 'label']);

/** The loop that fits a field given as values; `loops` keeps those made for it. */
export function loopForSource(source: Column, field: ColumnField, loops: Map<string, RowLoop>): RowLoop {
  if (!field.nullable) {
    const is64Bit = source instanceof BigUint64Array || source instanceof BigInt64Array;
    if (is64Bit && field.kind === 'decimal' && field.precision === 38) return wideLoop;
    if (source instanceof BigUint64Array && field.kind === 'uint64') return halvesLoop;
    if (source instanceof BigInt64Array && SIGNED.has(field.kind)) return halvesLoop;
    if ('dictionary' in source && IN_DICTIONARY.has(field.kind)) return dictionaryLoop;
  }
  const access = 'dictionary' in source ? 'source.dictionary[source.positions[i]]' : 'source[i]';
  const kind = `${access} of ${classOf('dictionary' in source ? source.positions : source)}`;
  let loop = loops.get(kind);
  if (!loop) loops.set(kind, (loop = compile(access, generalLoop(elementOf))));
  return loop;
}

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)!.get as () => string | undefined;

/** Of few names, whatever callers give; undefined for what is neither a list nor a typed array. */
const classOf = (values: object): string | undefined =>
  Array.isArray(values) ? 'Array' : typedArrayName.call(values);

function elementOf(source: unknown, index: number): unknown {
  const values = source as Column;
  return 'dictionary' in values ? values.dictionary[values.positions[index]!] : values[index];
}
