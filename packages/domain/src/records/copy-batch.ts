import type { Batch, Column, ColumnBatch } from './column-batch.js';
import { isColumnBatch } from './column-batch.js';
import type { RecordDefinition } from './definition.js';
import { isMapOfOwn, isPlainMap } from '../arguments.js';
import type { RecordName } from './records.js';
import { records } from './records.js';

const COLUMN_BATCH_MEMBERS = ['columns', 'constants', 'timestamp'];

/** Returns the members of a batch and of its rows or sets, which are copied even when a class defines them as accessors. */
function namesOf({ fields, batch }: RecordDefinition): { batch: readonly string[]; row: readonly string[] } {
  const names = Object.keys(fields);
  if (batch.form === 'rows')
    return { batch: [batch.rows, ...Object.values(batch.labels), 'timestamp'], row: names };
  const { members, entries, writtenAt } = batch;
  return { batch: [], row: [...names, entries.member, ...Object.values(members), writtenAt] };
}

/**
 * Copies a batch, so that later changes by its owner are not written. The copy is accepted or
 * refused exactly like the batch.
 */
export function copyBatch<N extends RecordName>(record: N, batch: Batch<N>): Batch<N> {
  if (isColumnBatch(batch)) return copyColumns(batch) as ColumnBatch<N>;
  const names = namesOf(records[record]);
  const copyRow = (row: unknown) => (isObject(row) ? copyOrKeep(row, names.row, copyValue) : row);
  const copyMember = (value: unknown) => (Array.isArray(value) ? copyList(value, copyRow) : copyValue(value));
  return (
    Array.isArray(batch) ? copyList(batch, copyRow) : copyOrKeep(batch, names.batch, copyMember)
  ) as Batch<N>;
}

/** Copies an object. An object whose keys cannot be listed is returned as it is and refused later. */
function copyOrKeep(from: object, names: readonly string[], copy: (value: unknown) => unknown): object {
  try {
    return copyObject(from, names, copy);
  } catch {
    return from;
  }
}

/** Copies a list with its holes. An item that cannot be read cannot be read in the copy either. */
function copyList(list: readonly unknown[], copy: (item: unknown) => unknown): unknown {
  try {
    return list.map(copy);
  } catch {
    return define(new Array(list.length), list, Object.keys(list), copy);
  }
}

function copyColumns(batch: ColumnBatch<RecordName>): object {
  return copyOrKeep(batch, COLUMN_BATCH_MEMBERS, (member) =>
    isPlainMap(member) ? copyObject(member, [], copyColumn) : copyValue(member),
  );
}

function copyColumn(column: unknown): unknown {
  if (Array.isArray(column)) return column.map(copyValue);
  if (ArrayBuffer.isView(column) && 'slice' in column) return (column as BigInt64Array).slice();
  if (!isObject(column) || !('dictionary' in column)) return copyValue(column);
  return copyObject(column, [], (part) => copyColumn(part as Column));
}

/** Copies a value of a field, lists and maps included. */
function copyValue(value: unknown): unknown {
  if (!isObject(value)) return value;
  try {
    if (value instanceof Date) return new Date(value);
    if (Array.isArray(value)) return value.slice();
    return isMapOfOwn(value) ? copyObject(value, [], (item) => item) : value;
  } catch {
    return value;
  }
}

const isEnumerable = Object.prototype.propertyIsEnumerable;
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * Copies an object with its prototype. Of what it inherits, or does not enumerate, only the names given are copied, as
 * inherited.
 */
function copyObject(from: object, names: readonly string[], copy: (value: unknown) => unknown): object {
  const prototype = Object.getPrototypeOf(from) as object | null;
  const inherited = names.filter((name) => !isEnumerable.call(from, name) && name in from);
  const parent = inherited.length > 0 ? define(Object.create(prototype), from, inherited, copy) : prototype;
  return define(Object.create(parent) as object, from, Object.keys(from), copy);
}

/** Defines a member of a copy. A getter that throws is copied as one that throws the same error. */
function define(
  to: object,
  from: object,
  names: readonly string[],
  copy: (value: unknown) => unknown,
): object {
  for (const name of names) {
    const property = { enumerable: true, configurable: true };
    try {
      const value = copy((from as Record<string, unknown>)[name]);
      Object.defineProperty(to, name, { ...property, value, writable: true });
    } catch (error) {
      const get = () => {
        throw error;
      };
      Object.defineProperty(to, name, { ...property, get });
    }
  }
  return to;
}
