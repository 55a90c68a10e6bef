import type { Canonical, Field, RecordDefinition, Row } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import { fromJson } from './kinds.js';

/** Returns the expression of an instant that is bound as epoch milliseconds. */
export const boundInstant = (name: string): string => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;

/**
 * Returns the expression that reads a field and the alias that it is read under. An instant has an alias of its own: one that
 * equals a column would take its place in WHERE and ORDER BY.
 */
function selected(name: string, field: Field): { readonly expression: string; readonly alias: string } {
  const column = columnOf(name);
  return field.kind === 'instant'
    ? { expression: `toUnixTimestamp64Milli(${column})`, alias: `${column}_ms` }
    : { expression: column, alias: column };
}

/** Returns what to select for {@link rowFromJson}. */
export function selectList(
  definition: RecordDefinition,
  names: readonly string[] = Object.keys(definition.fields),
): string {
  return names
    .map((name) => selected(name, definition.fields[name]!))
    .map(({ expression, alias }) => (expression === alias ? alias : `${expression} AS ${alias}`))
    .join(', ');
}

/** Converts a row of an answer in JSON to its canonical form. */
export function rowFromJson(
  definition: RecordDefinition,
  json: Readonly<Record<string, unknown>>,
  names: readonly string[] = Object.keys(definition.fields),
): Row {
  const row: Record<string, Canonical | null> = {};
  for (const name of names) {
    const field = definition.fields[name]!;
    row[name] = fromJson(field, json[selected(name, field).alias]);
  }
  return row;
}
