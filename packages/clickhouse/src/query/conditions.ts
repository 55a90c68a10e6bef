import type { SelectionPlan } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { SqlParams } from '../connection/sql.js';
import { boundInstant, parameterTypeOf, toParameter } from '../codec/kinds.js';

/** Conditions on rows, with the values bound in them. */
export interface Conditions {
  readonly conditions: readonly string[];
  readonly params: SqlParams;
}

/** Returns the conditions of a selection; none when every row will do. */
export function conditionsOf({ equals, symbols, start, end }: SelectionPlan): Conditions {
  const conditions: string[] = [];
  const params: Record<string, unknown> = {};
  for (const { name, field, value } of equals) {
    conditions.push(`${columnOf(name)} = {${name}:${parameterTypeOf(field)}}`);
    params[name] = toParameter(field, value);
  }
  if (symbols !== undefined) {
    conditions.push(symbols.length > 0 ? 'symbol IN {symbols:Array(String)}' : 'false');
    params['symbols'] = symbols;
  }
  if (start !== undefined) {
    conditions.push(`timestamp >= ${boundInstant('startTime')}`);
    params['startTime'] = start;
  }
  if (end !== undefined) {
    conditions.push(`timestamp < ${boundInstant('endTime')}`);
    params['endTime'] = end;
  }
  return { conditions, params };
}
