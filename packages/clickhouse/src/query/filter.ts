import type { SelectionPlan } from '@quantumtrade/dal-domain';
import { shardFieldOf } from '../cluster/shard-layout.js';
import type { Sql, SqlParams } from '../connection/sql.js';
import { conditionsOf } from './conditions.js';

/** A condition on rows, with the values bound in it. */
export interface Filter {
  /** `WHERE …`, or empty when every row will do. */
  readonly where: string;
  readonly params: SqlParams;
}

/** Returns the same statements for reads of a selection: those of the shard that has all its rows, where there is one. */
export function sqlNear(sql: Sql, { definition, equals, symbols, start, end }: SelectionPlan): Sql {
  const field = shardFieldOf(definition);
  const given = equals.find(({ name }) => name === field);
  const values = given ? [given.value as string] : field === 'symbol' ? symbols : undefined;
  return values ? sql.near(values, { start, end }) : sql;
}

/** Returns the filter of a selection, and of further conditions. */
export function filterOf(selection: SelectionPlan, further: readonly string[] = []): Filter {
  const { conditions: selected, params } = conditionsOf(selection);
  const conditions = [...selected, ...further];
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', params };
}
