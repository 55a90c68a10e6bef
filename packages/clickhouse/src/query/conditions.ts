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
    const list = isOneOf('symbol', 'symbols', 'String', symbols);
    conditions.push(list.condition);
    Object.assign(params, list.params);
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

/** Bytes of one bound list at most. The server takes 128 KiB for one parameter, and escaping may double a text. */
const MAX_LIST_BYTES = 60_000;

/**
 * Returns the condition that an expression has one of the values, bound in as many parameters as they need: `symbols0`, `symbols1`, …
 * for the name `symbols`.
 */
export function isOneOf(
  expression: string,
  name: string,
  type: string,
  values: Iterable<unknown>,
): { readonly condition: string; readonly params: SqlParams } {
  const params: Record<string, unknown[]> = {};
  const conditions = divided(values, bytesOf, MAX_LIST_BYTES).map((list, i) => {
    params[`${name}${i}`] = list;
    return `${expression} IN {${name}${i}:Array(${type})}`;
  });
  if (conditions.length === 0) return { condition: 'false', params };
  return { condition: conditions.length === 1 ? conditions[0]! : `(${conditions.join(' OR ')})`, params };
}

/** Bytes of a value in a bound list, with its quotes and comma. */
const bytesOf = (value: unknown): number => Buffer.byteLength(String(value)) + 3;

/** Divides items into lists of at most so many bytes each; an item that is larger is alone in its list. */
export function divided<T>(items: Iterable<T>, bytesOf: (item: T) => number, maxBytes: number): T[][] {
  const lists: T[][] = [];
  let bytesLeft = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (bytesLeft < bytes || lists.length === 0) {
      lists.push([]);
      bytesLeft = maxBytes;
    }
    lists.at(-1)!.push(item);
    bytesLeft -= bytes;
  }
  return lists;
}
