import type { SelectionPlan } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { ShardSelection } from '../read/shard-reads.js';
import { selectShards } from '../read/shard-reads.js';
import { shardFieldOf } from './shard-layout.js';

/** Returns the same statements for reads of a selection: those of the shard that has all its rows, where there is one. */
export function sqlNear(sql: Sql, selection: SelectionPlan): Sql {
  const values = shardValuesOf(selection);
  return values ? sql.near(values, selection) : sql;
}

/** Returns the shards that may have rows of a selection. Returns undefined without a cluster. */
export const shardsNear = (sql: Sql, selection: SelectionPlan): ShardSelection | undefined =>
  selectShards(sql, shardValuesOf(selection), selection);

/** Returns the values of the shard field that a selection names; undefined where rows may have any. */
function shardValuesOf({ definition, equals, symbols }: SelectionPlan): readonly string[] | undefined {
  const field = shardFieldOf(definition);
  const given = equals.find(({ name }) => name === field);
  return given ? [given.value as string] : field === 'symbol' ? symbols : undefined;
}
