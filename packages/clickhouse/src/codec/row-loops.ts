import type { Column, DictionaryColumn, PreparedRow } from '@quantumtrade/dal-domain';
import type { ColumnWriter, Refuse } from './columns/column-writer.js';
import type { WideDecimalWriter } from './columns/decimals.js';
import type { SixtyFourBitWriter } from './columns/integers.js';
import type { DictionaryWriter } from './columns/texts.js';
import type { TableField } from './kinds.js';

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
 * Compiles a loop of its own for each access: the engine then sees one shape of rows and one class of column,
 * reads numbers without boxing them and inlines the column's code. One loop for all fields takes nearly twice as long.
 * Where the process forbids to compile strings, that one loop is used.
 */
function compile(access: string, general: RowLoop): RowLoop {
  try {
    return new Function(
      'source, selection, column, firstRow, refuse',
      `// Loop ${++compiled}. Equal texts would share the engine's type feedback.
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

/** Reads a property of row objects. */
export const propertyLoop = (name: string): RowLoop =>
  compile(
    `source[i][${JSON.stringify(name)}]`,
    generalLoop((rows, index) => (rows as Record<string, unknown>[])[index]![name]),
  );

/** Reads a field of checked rows. */
export const canonicalLoop =
  (name: string): RowLoop =>
  (source, selection, column, firstRow) => {
    const rows = source as readonly PreparedRow[];
    for (let k = 0; k < selection.length; k++) column.store(rows[selection[k]!]!.row[name]!, firstRow + k);
  };

/** Reads the version of checked rows. */
export const versionLoop: RowLoop = (source, selection, column, firstRow) => {
  const rows = source as readonly PreparedRow[];
  for (let k = 0; k < selection.length; k++) column.store(rows[selection[k]!]!.version, firstRow + k);
};

/** Reads 64-bit arrays of integers, milliseconds or units. */
const halvesLoop: RowLoop = (source, selection, column, firstRow, refuse) => {
  const { buffer, byteOffset, length } = source as BigInt64Array | BigUint64Array;
  const halves = new Int32Array(buffer, byteOffset, 2 * length);
  (column as SixtyFourBitWriter).putAll(halves, selection, firstRow, refuse);
};

/** Reads 64-bit arrays for decimals of 38 digits. A `BigUint64Array` holds whole numbers. */
const wideLoop: RowLoop = (source, selection, column, firstRow, refuse) => {
  (column as WideDecimalWriter).putAll(source as BigInt64Array | BigUint64Array, selection, firstRow, refuse);
};

const dictionaryLoop: RowLoop = (source, selection, column, firstRow, refuse) => {
  (column as DictionaryWriter).putAll(source as DictionaryColumn, selection, firstRow, refuse);
};

const SIGNED: ReadonlySet<string> = new Set(['instant', 'decimal']);
const IN_DICTIONARY: ReadonlySet<string> = new Set(['symbol', 'label']);

/** Returns the loop for a field that is given as a column; `loops` keeps those compiled for the field. */
export function loopForSource(source: Column, field: TableField, loops: Map<string, RowLoop>): RowLoop {
  if (!field.nullable) {
    const is64Bit = source instanceof BigUint64Array || source instanceof BigInt64Array;
    if (is64Bit && field.kind === 'decimal' && field.precision === 38) return wideLoop;
    if (source instanceof BigUint64Array && field.kind === 'uint64') return halvesLoop;
    if (source instanceof BigInt64Array && SIGNED.has(field.kind)) return halvesLoop;
    if ('dictionary' in source && IN_DICTIONARY.has(field.kind)) return dictionaryLoop;
  }
  const access = 'dictionary' in source ? 'source.dictionary[source.positions[i]]' : 'source[i]';
  const key = `${access} of ${classOf('dictionary' in source ? source.positions : source)}`;
  let loop = loops.get(key);
  if (!loop) loops.set(key, (loop = compile(access, generalLoop(elementOf))));
  return loop;
}

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)!.get as () => string | undefined;

/** Returns one of few names, whatever callers give; undefined for neither a list nor a typed array. */
const classOf = (values: object): string | undefined =>
  Array.isArray(values) ? 'Array' : typedArrayName.call(values);

function elementOf(source: unknown, index: number): unknown {
  const values = source as Column;
  return 'dictionary' in values ? values.dictionary[values.positions[index]!] : values[index];
}
