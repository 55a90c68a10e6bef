import { ValidationError } from '../errors.js';
import { keysOf, requireKnownKeys, isMapOfOwn, readMember, readMembers } from '../arguments.js';
import type { Field } from '../records/field.js';
import { fieldFromJson } from '../records/field.js';
import type { Canonical } from '../records/kinds/kind.js';
import { requireField } from '../records/row.js';
import type { RecordDefinition } from '../records/definition.js';

/** Selection of rows. All given conditions must hold; without any, every row matches. */
export interface QueryParams {
  symbol?: string;
  /** Start of the range, inclusive. */
  startTime?: Date | number;
  /** End of the range, exclusive. */
  endTime?: Date | number;
  /**
   * Maximum number of rows. Without it, every row is returned. An adapter may refuse a result above a configured size with
   * `QueryError`; it never truncates a result silently. Page by `limit`, `startTime` and `endTime`.
   */
  limit?: number;
  /** Equality by field name, e.g. `{ source: 'vendor' }`. Only a record's filter fields are allowed. */
  filters?: Readonly<Record<string, string>>;
}

/** Checked query parameters in canonical form, ready for any adapter. */
export interface QueryPlan {
  /** Field and value pairs that must be equal; the symbol is one of them. */
  readonly equals: ReadonlyArray<{ readonly name: string; readonly field: Field; readonly value: Canonical }>;
  readonly start: number | undefined;
  readonly end: number | undefined;
  readonly limit: number | undefined;
}

/** The keys of {@link QueryParams}. */
export const QUERY_PARAMS = keysOf<QueryParams>({
  symbol: true,
  startTime: true,
  endTime: true,
  limit: true,
  filters: true,
});

/** Checks query parameters against a record; throws `ValidationError` naming the parameter. */
export function planQuery(definition: RecordDefinition, params: QueryParams, operation: string): QueryPlan {
  return planQueryOf(definition, readMembers('params', params, QUERY_PARAMS, operation), operation);
}

/** Checks parameters whose members were read before. */
export function planQueryOf(
  definition: RecordDefinition,
  given: Readonly<Record<string, unknown>>,
  operation: string,
): QueryPlan {
  const { symbol, startTime, endTime, filters = {}, limit } = given;
  const instant = (name: string, value: unknown) =>
    value === undefined ? undefined : (requireField({ kind: 'instant' }, name, value, operation) as number);
  const start = instant('startTime', startTime);
  const end = instant('endTime', endTime);
  if (start !== undefined && end !== undefined && start > end) {
    throw new ValidationError('startTime', 'must not be after endTime', { operation });
  }
  const equals: { name: string; field: Field; value: Canonical }[] = [];
  if (symbol !== undefined) {
    const field = definition.fields['symbol'];
    if (!field) throw new ValidationError('symbol', `${definition.table} has no symbol`, { operation });
    equals.push({ name: 'symbol', field, value: requireField(field, 'symbol', symbol, operation) });
  }
  if (!isMapOfOwn(filters)) throw new ValidationError('filters', 'must be a plain object', { operation });
  requireKnownKeys(filters, definition.filters, operation, 'filters');
  for (const name of Object.keys(filters)) {
    const field = definition.fields[name]!;
    const value = fieldFromJson(field, readMember(filters, name, operation));
    equals.push({ name, field, value: requireField(field, `filters.${name}`, value, operation) });
  }
  return {
    equals,
    start,
    end,
    limit: limit === undefined ? undefined : requireLimit(limit, operation),
  };
}

export function requireLimit(limit: unknown, operation: string): number {
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 0 && limit <= 0xffffffff) return limit;
  throw new ValidationError('limit', 'must be a whole number from 0 to 4294967295', { operation });
}
