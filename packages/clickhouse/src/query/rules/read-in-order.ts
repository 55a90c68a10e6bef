import { columnOf } from '@quantumtrade/dal-domain';
import type { RowRead } from '../row-query.js';
import type { QuerySettings, TableQuery } from '../table-query.js';

/** Limit from which on a read is large: several threads read ahead of it, or merging versions costs most of the time. */
export const MANY_ROWS = 20_000;
/** Blocks of fewer rows cost more than they save. */
export const MIN_BLOCK_ROWS = 1_024;
/** Default of the engine. */
const MAX_BLOCK_ROWS = 65_409;

/** Returns whether a read has a limit that is large. */
export const isLarge = ({ limit }: RowRead): boolean => limit !== undefined && limit > MANY_ROWS;

/** Returns whether the engine stores the rows in the order of a query, fields with one value left out. */
export function followsKey({ definition, order }: TableQuery, { plan }: RowRead): boolean {
  const fixed = new Set(plan.equals.map(({ name }) => name));
  const stored = definition.key.filter((name) => !fixed.has(name));
  return stored.every((name, i) => order[i]?.column === columnOf(name));
}

/** Returns whether all conditions are on fields of the key: versions of a row differ in other fields. */
export const hasKeyConditions = ({ plan: { definition, equals } }: RowRead): boolean =>
  equals.every(({ name }) => definition.key.includes(name));

/** Returns the settings with which a read in the order of the key reads little more than its limit. */
export const settingsOfOrderedRead = (limit: number): QuerySettings => ({
  max_threads: 1,
  max_block_size: blockRowsFor(limit),
});

/** Returns how many rows the engine shall put into a block, for a reader that wants so many at a time. */
export const blockRowsFor = (rows: number): number =>
  Math.min(Math.max(rows, MIN_BLOCK_ROWS), MAX_BLOCK_ROWS);
