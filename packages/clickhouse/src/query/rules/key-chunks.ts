import type { RowRead } from '../row-query.js';
import type { Rule } from '../rule.js';
import { followsKey, MANY_ROWS, MIN_BLOCK_ROWS, settingsOfOrderedRead } from './read-in-order.js';
import { isShortRange } from './short-range.js';

/** Rows of a chunk at most. */
const MAX_CHUNK_ROWS = 1_000_000;
/** By how much a chunk is shorter than the query that took too long. */
const DIVISOR = 4;
/** By how much a chunk is longer than the one before. Each query reads some rows of every part in vain. */
const GROWTH = 2;

/** Reads one chunk of rows in the order of the table's key. The next query begins after its last row. */
export const keyChunks: Rule<RowRead> = {
  name: 'key-chunks',
  apply(query, read) {
    const { limit, plan } = read;
    if (limit === undefined || isShortRange(read) || !followsKey(query, read)) return undefined;
    // Backwards, only a query that leaves versions unmerged stops at its limit.
    if (plan.order.descending && query.isFinal) return undefined;
    return {
      query: { ...query, settings: { ...query.settings, ...settingsOfOrderedRead(limit) } },
      why: 'rows are stored in this order: each query reads a chunk of them, and the next one begins after its last row',
    };
  },
};

/** Returns the rows of the first chunk of a read; undefined where the read is too short to be divided. */
export function firstChunkRows(limit = Infinity): number | undefined {
  const rows = Math.min(shorter(limit), MANY_ROWS);
  return rows < limit ? rows : undefined;
}

/** Returns the rows of a chunk after one that was read in time. */
export const longerChunkRows = (rows: number): number => Math.min(rows * GROWTH, MAX_CHUNK_ROWS);

/** Returns the rows of a chunk instead of one that took too long; undefined where a shorter one would take as long. */
export const shorterChunkRows = (rows: number): number | undefined =>
  rows > MIN_BLOCK_ROWS ? shorter(rows) : undefined;

const shorter = (rows: number): number => Math.max(Math.ceil(rows / DIVISOR), MIN_BLOCK_ROWS);
