import { ValidationError } from '../errors.js';
import { formatDecimal } from './decimal.js';
import type { Canonical, Field } from './field.js';
import type { InputOf, RecordDefinition, Row, RowError } from './record.js';
import { canonicalRow, requireField } from './record.js';
import type { RecordName, records } from './records.js';

/** Texts out of few, e.g. symbols, as positions in a list of them. */
export interface DictionaryColumn {
  readonly dictionary: readonly string[];
  readonly positions: ArrayLike<number>;
}

/**
 * The values of one field, one for each row: as a list or typed array of what the field takes in a row object. A
 * `BigInt64Array` holds epoch milliseconds for an instant and units of 10^-8 for a decimal, exactly.
 */
export type Column = ArrayLike<unknown> | BigInt64Array | BigUint64Array | DictionaryColumn;

type FieldsOf<N extends RecordName> = InputOf<(typeof records)[N]>;

/**
 * Rows held as columns, for who has them so: nothing is made of them on their way into a block. Every field is a column
 * or a constant, and all columns are of one length.
 */
export interface ColumnBatch<N extends RecordName> {
  readonly columns: { readonly [F in keyof FieldsOf<N>]?: Column };
  /** What is the same in all rows. */
  readonly constants?: { readonly [F in keyof FieldsOf<N>]?: FieldsOf<N>[F] };
  /** When the batch was made, as in every other batch. Default is the clock's now at the call. */
  readonly timestamp?: Date | number;
}

export const isColumnBatch = (batch: unknown): batch is ColumnBatch<RecordName> =>
  typeof batch === 'object' && batch !== null && 'columns' in batch;

const columnLength = (column: Column): number =>
  'dictionary' in column ? column.positions.length : column.length;

/** How many rows columns make up, which are all of one length. */
export function rowCountOf(columns: Readonly<Record<string, Column | undefined>>): number {
  const first = Object.values(columns).find((column) => column !== undefined);
  return first === undefined ? 0 : columnLength(first);
}

/** The columns of a batch in the order of the fields, a constant in canonical form where a field is one. */
export interface CheckedColumns {
  readonly rowCount: number;
  readonly inputs: ReadonlyMap<string, Column | { readonly constant: Canonical }>;
}

/** Throws `ValidationError` when a field is missing, unknown or given twice, a constant is wrong, or a length differs. */
export function checkColumns(
  fields: Readonly<Record<string, Field>>,
  columns: Readonly<Record<string, Column | undefined>>,
  constants: Readonly<Record<string, unknown>>,
  operation: string,
): CheckedColumns {
  const refuse = (name: string, reason: string) => new ValidationError(name, reason, { operation });
  for (const name of [...Object.keys(columns), ...Object.keys(constants)]) {
    if (!Object.hasOwn(fields, name)) throw refuse(name, 'is not a field of the record');
  }
  let rowCount: number | undefined;
  const inputs = new Map<string, Column | { readonly constant: Canonical }>();
  for (const [name, field] of Object.entries(fields)) {
    const column = columns[name];
    if (Object.hasOwn(constants, name)) {
      if (column !== undefined) throw refuse(name, 'is both a column and a constant');
      inputs.set(name, { constant: requireField(field, name, constants[name], operation) });
      continue;
    }
    if (column === undefined) throw refuse(name, 'is required');
    if (!isColumn(column)) throw refuse(name, 'must be a list, a typed array, or a dictionary and positions');
    rowCount ??= columnLength(column);
    if (columnLength(column) !== rowCount) throw refuse(name, 'must be as long as the other columns');
    inputs.set(name, column);
  }
  return { rowCount: rowCount ?? 0, inputs };
}

function isColumn(value: unknown): value is Column {
  if (typeof value !== 'object' || value === null) return false;
  const { dictionary, positions, length } = value as Partial<DictionaryColumn> & { length?: unknown };
  if (dictionary === undefined) return typeof length === 'number';
  return Array.isArray(dictionary) && typeof positions?.length === 'number';
}

/** The rows of columns, checked one by one. What is written of columns any other way is what this returns. */
export function rowsOfColumns(
  definition: RecordDefinition,
  { columns, constants = {} }: Pick<ColumnBatch<RecordName>, 'columns' | 'constants'>,
): { rows: Row[]; errors: RowError[] } {
  const { fields, name } = definition;
  const { rowCount, inputs } = checkColumns(fields, columns, constants, `${name}.insert`);
  const rows: Row[] = [];
  const errors: RowError[] = [];
  for (let index = 0; index < rowCount; index++) {
    const input: Record<string, unknown> = {};
    for (const [field, column] of inputs) {
      input[field] =
        'constant' in column
          ? (constants as Record<string, unknown>)[field]
          : valueAt(column, index, fields[field]!);
    }
    const checked = canonicalRow(definition, input, index);
    if ('row' in checked) rows.push(checked.row);
    else errors.push(checked.error);
  }
  return { rows, errors };
}

function valueAt(column: Column, index: number, field: Field): unknown {
  if ('dictionary' in column) return column.dictionary[column.positions[index]!];
  const value = column[index];
  if (!(column instanceof BigInt64Array)) return value;
  if (field.kind === 'decimal') return formatDecimal(value as bigint);
  return field.kind === 'instant' ? Number(value) : value;
}
