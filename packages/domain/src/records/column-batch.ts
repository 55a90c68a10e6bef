import { ValidationError } from '../errors.js';
import { keysOf, requireObject, readMember, requireMembers } from '../arguments.js';
import type { Field } from './field.js';
import { toCanonicalField } from './field.js';
import type { Canonical, Rounding } from './kinds/kind.js';
import { formatDecimal } from './kinds/decimal.js';
import { Invalid } from './kinds/kind.js';
import type { Row, RowError } from './row.js';
import { requireField } from './field.js';
import { checkRow } from './row.js';
import type { InputOf, RecordDefinition } from './definition.js';
import { readRounding } from './batch-envelope.js';
import type { RecordBatches, RecordName, records } from './records.js';

/** Column of repeated texts, e.g. symbols, as positions in a list of distinct ones. */
export interface DictionaryColumn {
  readonly dictionary: readonly string[];
  readonly positions: ArrayLike<number>;
}

/**
 * Values of one field, one for each row: a list or typed array of the input values of the field. A
 * `BigInt64Array` holds epoch milliseconds for an instant and units of 10^-8 for a decimal, exactly; a `BigUint64Array`
 * holds whole numbers for a decimal too.
 */
export type Column = ArrayLike<unknown> | BigInt64Array | BigUint64Array | DictionaryColumn;

type FieldsOf<N extends RecordName> = InputOf<(typeof records)[N]>;

/**
 * Batch of columns instead of rows. No row objects are created on the way into a block. Every field is a column
 * or a constant, and all columns have the same length. A nullable field may be left out: it is then null in all rows.
 */
export interface ColumnBatch<N extends RecordName> {
  readonly columns: { readonly [F in keyof FieldsOf<N>]?: Column };
  /** Values shared by all rows. */
  readonly constants?: { readonly [F in keyof FieldsOf<N>]?: FieldsOf<N>[F] };
  /** Time of the batch, see `WrittenAt`. Without it, the call is a new write. */
  readonly timestamp?: Date | number;
  /** Rounding of decimal strings. Only for records with decimals. */
  readonly rounding?: Rounding;
}

/** A batch of any record, as rows or as columns. */
export type Batch<N extends RecordName> = RecordBatches[N] | ColumnBatch<N>;

export const isColumnBatch = (batch: unknown): batch is ColumnBatch<RecordName> => {
  try {
    return typeof batch === 'object' && batch !== null && 'columns' in batch;
  } catch {
    return false;
  }
};

const COLUMN_BATCH_KEYS = keysOf<ColumnBatch<RecordName>>({
  columns: true,
  constants: true,
  timestamp: true,
  rounding: true,
});

/** A batch of columns whose members were read once and are objects where required. */
export interface ReadColumnBatch {
  readonly columns: Readonly<Record<string, Column | undefined>>;
  readonly constants: Readonly<Record<string, unknown>>;
  readonly rounding?: Rounding | undefined;
}

/** Throws `ValidationError` naming a member that is unknown, cannot be read or is of a wrong type. */
export function readColumnBatch(definition: RecordDefinition, batch: unknown): ReadColumnBatch {
  const operation = `${definition.name}.insert`;
  const given = requireMembers('batch', batch, COLUMN_BATCH_KEYS, operation);
  const columns = requireObject('columns', readMember(given, 'columns', operation), operation);
  const constants = readMember(given, 'constants', operation);
  return {
    columns: columns as ReadColumnBatch['columns'],
    constants:
      constants === undefined
        ? {}
        : (requireObject('constants', constants, operation) as ReadColumnBatch['constants']),
    rounding: readRounding(definition, given, operation),
  };
}

const columnLength = (column: Column): number =>
  'dictionary' in column ? column.positions.length : column.length;

/** Returns the number of rows of columns that have the same length. */
export function rowCountOf(columns: Readonly<Record<string, Column | undefined>>): number {
  const first = Object.values(columns).find((column) => column !== undefined);
  return first === undefined ? 0 : columnLength(first);
}

/** A value shared by all rows, and whether it was rounded. */
export interface CheckedConstant {
  readonly constant: Canonical | null;
  readonly rounded?: boolean;
}

/** The columns of a batch in the order of the fields, a constant in canonical form where a field is one. */
export interface CheckedColumns {
  readonly rowCount: number;
  readonly inputs: ReadonlyMap<string, Column | CheckedConstant>;
}

/**
 * A nullable field that is missing is the constant null. Throws `ValidationError` when another field is missing, one is unknown or given twice, a constant is wrong, no field is a column, or a
 * column has another length than the others.
 */
export function checkColumns(
  fields: Readonly<Record<string, Field>>,
  columns: Readonly<Record<string, Column | undefined>>,
  constants: Readonly<Record<string, unknown>>,
  operation: string,
  rounding?: Rounding,
): CheckedColumns {
  const refuse = (name: string, reason: string) => new ValidationError(name, reason, { operation });
  requireMembers('columns', columns, Object.keys(fields), operation);
  requireMembers('constants', constants, Object.keys(fields), operation);
  let rowCount: number | undefined;
  const inputs = new Map<string, Column | CheckedConstant>();
  for (const [name, field] of Object.entries(fields)) {
    const column = readMember(columns, name, operation) as Column | undefined;
    if (Object.hasOwn(constants, name)) {
      if (column !== undefined) throw refuse(name, 'is both a column and a constant');
      const value = readMember(constants, name, operation);
      inputs.set(name, checkConstant(field, name, value, operation, rounding));
      continue;
    }
    if (column === undefined) {
      if (!field.nullable) throw refuse(name, 'is required');
      inputs.set(name, { constant: null });
      continue;
    }
    const length = requireColumn(name, column, operation);
    rowCount ??= length;
    if (length !== rowCount) throw refuse(name, 'must be as long as the other columns');
    inputs.set(name, column);
  }
  if (rowCount === undefined) throw refuse('columns', 'must have at least one column');
  return { rowCount, inputs };
}

/** Returns the length of a list, typed array or dictionary column; throws `ValidationError` for any other value. */
function requireColumn(name: string, value: unknown, operation: string): number {
  try {
    if (typeof value === 'object' && value !== null) {
      const { dictionary, positions, length } = value as Partial<DictionaryColumn> & { length?: unknown };
      const count = dictionary === undefined ? length : Array.isArray(dictionary) && positions?.length;
      if (isLength(count)) return count;
    }
  } catch {
    throw new ValidationError(name, 'cannot be read', { operation });
  }
  const reason = 'must be a list, a typed array, or a dictionary and positions';
  throw new ValidationError(name, reason, { operation });
}

/** Checks the value of a constant; throws `ValidationError` when it is invalid. */
function checkConstant(
  field: Field,
  name: string,
  value: unknown,
  operation: string,
  rounding?: Rounding,
): CheckedConstant {
  const exact = toCanonicalField(field, value);
  if (!(exact instanceof Invalid)) return { constant: exact };
  return { constant: requireField(field, name, value, operation, rounding), rounded: true };
}

const MAX_LENGTH = 2 ** 32 - 1;

const isLength = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_LENGTH;

/** Returns the checked rows of columns. Every other way to write columns stores the same rows. */
export function rowsOfColumns(
  definition: RecordDefinition,
  { columns, constants, rounding }: ReadColumnBatch,
): { rows: Row[]; errors: RowError[]; roundedCount: number } {
  const { fields, name } = definition;
  const { rowCount, inputs } = checkColumns(fields, columns, constants, `${name}.insert`, rounding);
  const rows: Row[] = [];
  const errors: RowError[] = [];
  let roundedCount = 0;
  for (let index = 0; index < rowCount; index++) {
    const read = (field: string) => {
      const column = inputs.get(field)!;
      return 'constant' in column ? constants[field] : valueAt(column, index, fields[field]!);
    };
    const checked = checkRow(definition, index, read, rounding);
    if ('error' in checked) errors.push(checked.error);
    else {
      rows.push(checked.row);
      if (checked.rounded) roundedCount++;
    }
  }
  return { rows, errors, roundedCount };
}

function valueAt(column: Column, index: number, field: Field): unknown {
  if ('dictionary' in column) return column.dictionary[column.positions[index]!];
  const value = column[index];
  if (!(column instanceof BigInt64Array)) return value;
  if (field.kind === 'decimal') return formatDecimal(value as bigint);
  return field.kind === 'instant' ? Number(value) : value;
}
