import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { Sql, SqlParams } from '../connection/sql.js';
import type { PlannedQuery } from '../query/rule.js';

/** Runs a planned query and returns its blocks. */
export const readBlocks = (
  sql: Sql,
  { sql: text, params, settings }: PlannedQuery,
  bound: SqlParams = {},
): Promise<DecodedBlock[]> =>
  sql.collect('test', text, { ...params, ...bound }, undefined, (block) => block, settings);
