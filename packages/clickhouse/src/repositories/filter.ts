import type { QueryPlan, RecordDefinition, RowOrder, SelectionPlan } from '@quantumtrade/dal-domain';
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

export function filterOf({ equals, symbols, start, end }: SelectionPlan): Filter {
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
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', params };
}

/** Returns the filter of the rows or sets that follow the plan's position, or of all of them. */
export function filterAfter(plan: QueryPlan): Filter {
  const { where, params } = filterOf(plan);
  const { definition, order, after } = plan;
  if (after === undefined) return { where, params };
  const bound = order.fields.map((name, i) => {
    const field = definition.fields[name]!;
    if (field.kind === 'instant') return boundInstant(`after${i}`);
    return `{after${i}:${field.kind === 'uuid' ? 'String' : parameterTypeOf(field)}}`;
  });
  const condition = `(${columnsOf(definition, order).join(', ')}) ${order.descending ? '<' : '>'} (${bound.join(', ')})`;
  const values = after.map((value, i) => {
    const field = definition.fields[order.fields[i]!]!;
    return [`after${i}`, field.kind === 'instant' ? value : toParameter(field, value)];
  });
  return {
    where: where === '' ? `WHERE ${condition}` : `${where} AND ${condition}`,
    params: { ...params, ...(Object.fromEntries(values) as SqlParams) },
  };
}

/** Returns the `ORDER BY` list of an order. */
export const orderOf = (definition: RecordDefinition, order: RowOrder): string =>
  columnsOf(definition, order)
    .map((column) => `${column} ${order.descending ? 'DESC' : 'ASC'}`)
    .join(', ');

const columnsOf = ({ fields }: RecordDefinition, order: RowOrder): string[] =>
  // The engine orders a UUID by its second half first.
  order.fields.map((name) =>
    fields[name]!.kind === 'uuid' ? `toString(${columnOf(name)})` : columnOf(name),
  );
