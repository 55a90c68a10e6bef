import { ValidationError } from '../errors.js';
import { isMapOfOwn, readMember, requireKnownKeys } from '../arguments.js';
import type { RecordDefinition } from '../records/definition.js';
import type { Field } from '../records/field.js';
import { fieldFromJson } from '../records/field.js';
import type { Canonical } from '../records/kinds/kind.js';
import { requireField } from '../records/field.js';
import { compareCanonical } from '../records/row.js';

/** A checked {@link RowSelection} in canonical form. */
export interface SelectionPlan {
  readonly definition: RecordDefinition;
  /** Field and value pairs that must be equal; a single symbol is one of them. */
  readonly equals: ReadonlyArray<{ readonly name: string; readonly field: Field; readonly value: Canonical }>;
  /** Symbols of which a row must have one, in their order; undefined where it may have any. Empty: no row matches. */
  readonly symbols: readonly string[] | undefined;
  /** First instant, in epoch milliseconds. */
  readonly start: number | undefined;
  /** Instant after the last one, in epoch milliseconds. */
  readonly end: number | undefined;
}

/** Checks the members of a selection, which were read before; throws `ValidationError` naming the parameter. */
export function planSelection(
  definition: RecordDefinition,
  given: Readonly<Record<string, unknown>>,
  operation: string,
): SelectionPlan {
  const { startTime, endTime, filters = {} } = given;
  const instant = (name: string, value: unknown) =>
    value === undefined ? undefined : (requireField({ kind: 'instant' }, name, value, operation) as number);
  const start = instant('startTime', startTime);
  const end = instant('endTime', endTime);
  if (start !== undefined && end !== undefined && start > end) {
    throw new ValidationError('startTime', 'must not be after endTime', { operation });
  }
  const { symbol, symbols } = planSymbols(definition, given, operation);
  const equals: { name: string; field: Field; value: Canonical }[] = [];
  if (symbol !== undefined) {
    equals.push({ name: 'symbol', field: definition.fields['symbol']!, value: symbol });
  }
  if (!isMapOfOwn(filters)) throw new ValidationError('filters', 'must be a plain object', { operation });
  requireKnownKeys(filters, definition.filters, operation, 'filters');
  for (const name of Object.keys(filters)) {
    const field = definition.fields[name]!;
    const value = fieldFromJson(field, readMember(filters, name, operation));
    equals.push({ name, field, value: requireField(field, `filters.${name}`, value, operation) });
  }
  return { definition, equals, symbols, start, end };
}

/** Returns one symbol, several, or neither. */
function planSymbols(
  definition: RecordDefinition,
  { symbol, symbols }: Readonly<Record<string, unknown>>,
  operation: string,
): { symbol?: string; symbols?: readonly string[] } {
  const name = symbols === undefined ? 'symbol' : 'symbols';
  if (symbol === undefined && symbols === undefined) return {};
  const field = definition.fields['symbol'];
  if (!field) throw new ValidationError(name, `${definition.table} has no symbol`, { operation });
  if (symbols === undefined) return { symbol: requireField(field, name, symbol, operation) as string };
  if (symbol !== undefined) {
    throw new ValidationError(name, 'must not be given together with symbol', { operation });
  }
  const distinct = requireValues(field, name, symbols, operation);
  return distinct.length === 1
    ? { symbol: distinct[0]! }
    : { symbols: distinct.toSorted((a, b) => compareCanonical(a, b)) };
}

/**
 * Returns the distinct values of a list that a caller gave, in their order. Throws `ValidationError` naming the list, or the
 * item with a wrong value, e.g. `symbols.2`.
 */
export function requireValues(field: Field, name: string, values: unknown, operation: string): string[] {
  if (!Array.isArray(values)) throw new ValidationError(name, 'must be a list', { operation });
  const distinct = new Set<string>();
  for (let i = 0; i < values.length; i++) {
    const value = readMember(values, String(i), operation);
    distinct.add(requireField(field, `${name}.${i}`, value, operation) as string);
  }
  return [...distinct];
}
