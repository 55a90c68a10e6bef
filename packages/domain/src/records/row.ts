import { QueryError } from '../errors.js';
import { toCanonicalField, toOutputField } from './field.js';
import type { Canonical, Rounding } from './kinds/kind.js';
import { Invalid } from './kinds/kind.js';
import type { InstantForm } from './kinds/number.js';
import type { RecordDefinition, RecordOf } from './definition.js';

/** A record whose every value is canonical: the form adapters store and exchange. */
export type Row = Readonly<Record<string, Canonical | null>>;

/** Reason for which one row of a batch was not written. */
export interface RowError {
  /** Position of the row in the batch as given. */
  index: number;
  /** Invalid field, e.g. `high`, or `features.rsi_14` inside a feature batch. */
  field: string;
  reason: string;
}

/**
 * Checks one record, field by field in the order of the definition, and stops at the first that is wrong or cannot be read.
 * `rounded` is true where a decimal is in the row because `rounding` allows it.
 */
export function toCanonicalRow(
  definition: RecordDefinition,
  input: unknown,
  index: number,
  rounding?: Rounding,
): { row: Row; rounded: boolean } | { error: RowError } {
  if (typeof input !== 'object' || input === null) {
    return { error: { index, field: definition.table, reason: 'must be an object' } };
  }
  const read = (name: string) => (input as Readonly<Record<string, unknown>>)[name];
  return checkRow(definition, index, read, rounding);
}

/** Checks one record, whose values `read` gives by the name of the field. */
export function checkRow(
  { fields }: RecordDefinition,
  index: number,
  read: (name: string) => unknown,
  rounding?: Rounding,
): { row: Row; rounded: boolean } | { error: RowError } {
  const row: Record<string, Canonical | null> = {};
  let rounded = false;
  let reading = '';
  try {
    for (const [name, field] of Object.entries(fields)) {
      reading = name;
      const given = read(name);
      let value = toCanonicalField(field, given);
      if (value instanceof Invalid && rounding) {
        value = toCanonicalField(field, given, rounding);
        rounded ||= !(value instanceof Invalid);
      }
      if (value instanceof Invalid) return { error: { index, field: name, reason: value.reason } };
      row[name] = value;
    }
  } catch {
    return { error: { index, field: reading, reason: 'cannot be read' } };
  }
  return { row, rounded };
}

/** Fields of output rows, and the form of their instants. */
export interface RowForm {
  /** @default all fields */
  readonly select?: readonly string[];
  /** @default date */
  readonly instants?: InstantForm;
}

/**
 * Converts a stored row to an output row.
 * Throws `QueryError` when a value cannot be returned exactly as a number and `exact` was not asked for.
 */
export function toOutputRow<D extends RecordDefinition, E extends boolean>(
  definition: D,
  row: Row,
  exact: E,
  { select = Object.keys(definition.fields), instants = 'date' }: RowForm = {},
): RecordOf<D, E> {
  const record: Record<string, unknown> = {};
  for (const name of select) {
    const field = definition.fields[name]!;
    const canonical = row[name] ?? null;
    // Canonical instants are epoch milliseconds.
    const isAsStored = field.kind === 'instant' && instants === 'number';
    const value = isAsStored ? canonical : toOutputField(field, canonical, exact);
    if (value instanceof Invalid) throw unreadableValue(definition, name, value);
    record[name] = value;
  }
  return record as RecordOf<D, E>;
}

/** Creates the error for a stored value that cannot be returned as asked. */
export function unreadableValue(definition: RecordDefinition, name: string, { reason }: Invalid): QueryError {
  return new QueryError(definition.table, `${name} ${reason}`, { operation: `${definition.name}.read` });
}

/** Returns the column of a field, e.g. `adjusted_close` for `adjustedClose`. */
export function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Orders canonical scalars as the engine does: numbers by value, strings by their UTF-8 bytes. */
export function compareCanonical(a: Canonical, b: Canonical): number {
  if (typeof a === 'string' && typeof b === 'string') return compareUtf8(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Compares strings by their UTF-8 bytes, which sort as code points do: surrogates come after all other UTF-16 units. */
function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

const codePointRank = (unit: number): number =>
  unit >= 0xd800 && unit <= 0xdfff ? unit + 0x2000 : unit >= 0xe000 ? unit - 0x800 : unit;
