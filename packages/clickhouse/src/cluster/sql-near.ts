import type { SelectionPlan } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { shardFieldOf } from './shard-layout.js';

/** Returns the same statements for reads of a selection: those of the shard that has all its rows, where there is one. */
export function sqlNear(sql: Sql, { definition, equals, symbols, start, end }: SelectionPlan): Sql {
  const field = shardFieldOf(definition);
  const given = equals.find(({ name }) => name === field);
  const values = given ? [given.value as string] : field === 'symbol' ? symbols : undefined;
  return values ? sql.near(values, { start, end }) : sql;
}
