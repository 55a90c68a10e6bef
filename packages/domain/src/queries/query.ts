import { ValidationError } from '../errors.js';
import type { Canonical, Field } from '../records/field.js';
import { fieldFromJson } from '../records/field.js';
import type { RecordDefinition } from '../records/record.js';
import { requireField, requireObject } from '../records/record.js';

/** Which rows to read. Everything given must hold; nothing given reads everything. */
export interface QueryParams {
  symbol?: string;
  /** First instant included. */
  startTime?: Date | number;
  /** First instant no longer included. */
  endTime?: Date | number;
  /** At most this many rows. Default is no limit. */
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

/** Checks query parameters against a record; throws `ValidationError` naming the parameter. */
export function planQuery(definition: RecordDefinition, params: QueryParams, operation: string): QueryPlan {
  requireObject('params', params, operation);
  const instant = (name: 'startTime' | 'endTime') =>
    params[name] === undefined
      ? undefined
      : (requireField({ kind: 'instant' }, name, params[name], operation) as number);
  const start = instant('startTime');
  const end = instant('endTime');
  if (start !== undefined && end !== undefined && start > end) {
    throw new ValidationError('startTime', 'must not be after endTime', { operation });
  }
  const equals: { name: string; field: Field; value: Canonical }[] = [];
  if (params.symbol !== undefined) {
    const field = definition.fields['symbol'];
    if (!field) throw new ValidationError('symbol', `${definition.table} has no symbol`, { operation });
    equals.push({ name: 'symbol', field, value: requireField(field, 'symbol', params.symbol, operation) });
  }
  for (const [name, text] of Object.entries(params.filters ?? {})) {
    const field = definition.filters.includes(name) ? definition.fields[name] : undefined;
    if (!field) {
      throw new ValidationError(`filters.${name}`, `is not one of ${definition.filters.join(', ')}`, {
        operation,
      });
    }
    equals.push({
      name,
      field,
      value: requireField(field, `filters.${name}`, fieldFromJson(field, text), operation),
    });
  }
  return {
    equals,
    start,
    end,
    limit: params.limit === undefined ? undefined : requireLimit(params.limit, operation),
  };
}

export function requireLimit(limit: unknown, operation: string): number {
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 0 && limit <= 0xffffffff) return limit;
  throw new ValidationError('limit', 'must be a whole number from 0 to 4294967295', { operation });
}
