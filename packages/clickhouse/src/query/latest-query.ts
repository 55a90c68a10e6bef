import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { OrderedColumn, QuerySettings, TableQuery } from './table-query.js';
import { orderedColumn } from './table-query.js';

/** A lookup of the newest rows of one key or of many. */
export interface LatestPlan {
  readonly definition: RecordDefinition;
  /** Fields that a key has values of, e.g. the symbol. */
  readonly by: readonly string[];
  /** Fields that follow the descending timestamp in the order of a key's rows. */
  readonly thenBy: readonly { readonly name: string; readonly isDescending: boolean }[];
  /** Whether an index or the key's first field finds a key's rows, which are few. */
  readonly isIdentifier: boolean;
  /** Whether the newest set of each key is looked up, which has one timestamp and version, and not a number of rows. */
  readonly areSets: boolean;
  readonly isMany: boolean;
  /** Maximum number of rows of a key. */
  readonly limit: number;
  /** Whether only rows from the instant of the parameter `since` on are read. */
  readonly isHinted: boolean;
}

/**
 * Reads all rows of the keys, merges their versions, sorts them and takes the first. Its parameters are `key0`, `key1`, …
 * for the values of the fields, or for lists of them, and `since`.
 */
export function plainLatest({ definition, by, thenBy, areSets, isMany, limit }: LatestPlan): TableQuery {
  const columns = by.map(columnOf);
  const order: OrderedColumn[] = [
    ...(isMany || areSets ? by.map((name) => orderedColumn(definition, name, false)) : []),
    ...(areSets ? [] : [orderedColumn(definition, 'timestamp', true)]),
    ...thenBy.map(({ name, isDescending }) => orderedColumn(definition, name, isDescending)),
  ];
  return {
    definition,
    columns: Object.keys(definition.fields).map(columnOf),
    isFinal: true,
    conditions: isMany ? [anyOf(columns)] : columns.map((column, i) => `${column} = {key${i}:String}`),
    order,
    ...(areSets ? {} : isMany ? { limitBy: { count: limit, columns } } : { limit }),
    params: {},
    settings: {},
  };
}

/** Returns the condition that the columns have the values of one of the keys. */
function anyOf(columns: readonly string[]): string {
  if (columns.length === 1) return `${columns[0]} IN {key0:Array(String)}`;
  const lists = columns.map((_, i) => `{key${i}:Array(String)}`).join(', ');
  return `(${columns.join(', ')}) IN (SELECT arrayJoin(arrayZip(${lists})))`;
}

/** Returns the settings of a lookup that sorts the few rows it finds. Those of one key need one thread. */
export const settingsOfSortedRead = (isMany: boolean): QuerySettings => ({
  optimize_read_in_order: 0,
  ...(!isMany && { max_threads: 1, query_plan_optimize_lazy_materialization: 0 }),
});
