import type { QueryPlan } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import { boundInstant, parameterTypeOf, toParameter } from '../codec/kinds.js';
import type { SqlParams } from '../connection/sql.js';
import { conditionsOf } from './conditions.js';
import type { TableQuery } from './table-query.js';
import { orderedColumn } from './table-query.js';

/** A read of rows in some order: a page, a stream or whole columns. */
export interface RowRead {
  readonly plan: QueryPlan;
  /** Maximum number of rows of the query; a page reads one more than it shows. */
  readonly limit: number | undefined;
  /** Rows that the query may scan. @default no limit */
  readonly budget?: number | undefined;
}

/** Returns the fields that a read needs: the selected ones, and those that give the position of a row in the order. */
export const fieldsOf = ({ definition, select, order }: QueryPlan): string[] =>
  Object.keys(definition.fields).filter((name) => select.includes(name) || order.fields.includes(name));

/** Selects the rows, merges their versions, and sorts them. */
export function plainRows({ plan, limit }: RowRead): TableQuery {
  const { definition, order, after } = plan;
  const { conditions, params } = conditionsOf(plan);
  const position: Record<string, unknown> = {};
  const bounds = after?.map((value, i) => {
    const field = definition.fields[order.fields[i]!]!;
    if (field.kind === 'instant') {
      position[`after${i}`] = value;
      return boundInstant(`after${i}`);
    }
    position[`after${i}`] = toParameter(field, value);
    return `{after${i}:${field.kind === 'uuid' ? 'String' : parameterTypeOf(field)}}`;
  });
  return {
    definition,
    columns: fieldsOf(plan).map(columnOf),
    isFinal: true,
    conditions,
    order: order.fields.map((name) => orderedColumn(definition, name, order.descending)),
    after: bounds,
    limit,
    params: { ...params, ...(position as SqlParams) },
    settings: {},
  };
}
