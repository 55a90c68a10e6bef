import type { QueryPlan } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { SqlParams } from '../connection/sql.js';
import { parameterTypeOf, toParameter } from '../codec/kinds.js';
import { boundInstant } from '../codec/select.js';

/** A condition on rows, with the values bound in it. */
export interface Filter {
  /** `WHERE …`, or empty when every row will do. */
  readonly where: string;
  readonly params: SqlParams;
}

export function filterOf({ equals, start, end }: Omit<QueryPlan, 'limit'>): Filter {
  const conditions: string[] = [];
  const params: Record<string, unknown> = {};
  for (const { name, field, value } of equals) {
    conditions.push(`${columnOf(name)} = {${name}:${parameterTypeOf(field)}}`);
    params[name] = toParameter(field, value);
  }
  if (start !== undefined) {
    conditions.push(`timestamp >= ${boundInstant('startTime')}`);
    params['startTime'] = start;
  }
  if (end !== undefined) {
    conditions.push(`timestamp < ${boundInstant('endTime')}`);
    params['endTime'] = end;
  }
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', params };
}
