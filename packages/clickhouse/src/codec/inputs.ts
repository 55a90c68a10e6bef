import type {
  CheckedConstant,
  Column,
  DictionaryColumn,
  Field,
  PreparedRow,
  RecordDefinition,
  Rounding,
} from '@quantumtrade/dal-domain';
import { checkColumns, requireField } from '@quantumtrade/dal-domain';
import type { ColumnWriter, Refuse } from './columns/column-writer.js';
import type { WideDecimalWriter } from './columns/decimals.js';
import type { SixtyFourBitWriter } from './columns/integers.js';
import type { DictionaryWriter } from './columns/texts.js';
import type { TableField } from './kinds.js';

/** Puts the values of the selected rows into a column, as its rows from `firstRow` on. */
type RowLoop = (
  source: unknown,
  selection: Uint32Array,
  column: ColumnWriter,
  firstRow: number,
  refuse: Refuse,
) => void;

export interface VaryingInput {
  readonly source: unknown;
  readonly loop: RowLoop;
}

/** Source of the values of one column: one constant for all rows, or a loop over a source. */
export type ColumnInput = CheckedConstant | VaryingInput;

/** Columns in place of rows, by field name, all of one length. */
export type ColumnSources = Readonly<Record<string, Column | undefined>>;

/** Canonical values of fields that are the same in all rows. */
export type Constants = Readonly<Record<string, unknown>>;

/** The inputs of the columns of one table, and the loops that read them, compiled once. */
export class InputPlan {
  readonly definition: RecordDefinition;
  readonly fields: readonly (readonly [name: string, field: TableField])[];
  readonly #operation: string;
  /** All fields but versions, which no caller gives. */
  readonly #givenFields: Readonly<Record<string, Field>>;
  readonly #propertyLoops: readonly RowLoop[];
  readonly #canonicalLoops: readonly RowLoop[];
  readonly #sourceLoops: readonly Map<string, RowLoop>[];

  constructor(definition: RecordDefinition, extraFields: Readonly<Record<string, TableField>>) {
    this.definition = definition;
    this.fields = Object.entries({ ...definition.fields, ...extraFields });
    this.#givenFields = Object.fromEntries(this.fields.filter(isGiven));
    this.#operation = `${definition.name}.insert`;
    this.#propertyLoops = this.fields.map(([name]) => propertyLoop(name));
    this.#canonicalLoops = this.fields.map(([name, field]) =>
      field.kind === 'version' ? versionLoop : canonicalLoop(name),
    );
    this.#sourceLoops = this.fields.map(() => new Map());
  }

  /** Throws `ValidationError` if a constant is wrong; returns the canonical ones. */
  checkConstants(constants: Constants): Constants {
    const checked = Object.entries(constants).map(([name, value]) => {
      const field = this.#givenFields[name];
      return [name, field ? requireField(field, name, value, this.#operation) : value];
    });
    return Object.fromEntries(checked) as Constants;
  }

  /** Returns the inputs of row objects. Fields that `constants` have are not read from the rows. */
  ofRows(rows: readonly unknown[], constants: Constants): ColumnInput[] {
    const { fields } = this;
    const inputs: ColumnInput[] = [];
    for (let position = 0; position < fields.length; position++) {
      const constant = constants[fields[position]![0]] as CheckedConstant['constant'] | undefined;
      inputs.push(
        constant === undefined ? { source: rows, loop: this.#propertyLoops[position]! } : { constant },
      );
    }
    return inputs;
  }

  /** Returns the inputs of rows that the domain has checked. */
  ofCanonicalRows(rows: readonly PreparedRow[]): ColumnInput[] {
    return this.#canonicalLoops.map((loop) => ({ source: rows, loop }));
  }

  /**
   * Returns the inputs of columns and their number of rows. Throws `ValidationError` if a constant is wrong or the columns
   * do not make up rows.
   */
  ofColumns(
    sources: ColumnSources,
    constants: Constants,
    version: bigint | undefined,
    rounding?: Rounding,
  ): { inputs: ColumnInput[]; rowCount: number } {
    const checked = checkColumns(this.#givenFields, sources, constants, this.#operation, rounding);
    return {
      rowCount: checked.rowCount,
      inputs: this.fields.map(([name, field], position) => {
        if (field.kind === 'version') return { constant: version! };
        const source = checked.inputs.get(name)!;
        if ('constant' in source) return source;
        return { source, loop: loopForSource(source, field, this.#sourceLoops[position]!) };
      }),
    };
  }
}

const isGiven = (entry: readonly [string, TableField]): entry is [string, Field] =>
  entry[1].kind !== 'version';

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
const propertyLoop = (name: string): RowLoop =>
  compile(
    `source[i][${JSON.stringify(name)}]`,
    generalLoop((rows, index) => (rows as Record<string, unknown>[])[index]![name]),
  );

/** Reads a field of checked rows. */
const canonicalLoop =
  (name: string): RowLoop =>
  (source, selection, column, firstRow) => {
    const rows = source as readonly PreparedRow[];
    for (let k = 0; k < selection.length; k++) column.store(rows[selection[k]!]!.row[name]!, firstRow + k);
  };

/** Reads the version of checked rows. */
const versionLoop: RowLoop = (source, selection, column, firstRow) => {
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
function loopForSource(source: Column, field: TableField, loops: Map<string, RowLoop>): RowLoop {
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
