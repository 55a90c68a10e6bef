import type { RowRead } from '../row-query.js';
import type { Rule } from '../rule.js';
import { NEWEST_VERSION } from '../table-query.js';
import { followsKey, hasKeyConditions, isLarge, settingsOfOrderedRead } from './read-in-order.js';
import { isShortRange } from './short-range.js';

/** Rows of a block: the reader converts one while the server makes the next. */
const BLOCK_ROWS = 8_192;

/**
 * Reads many rows in the order of the key without merging their versions, which costs the engine most of the time where parts
 * overlap. The answer is right if no key comes twice; the reader has to check that. The last row is the newest version of its key.
 */
export const singleVersions: Rule<RowRead> = {
  name: 'single-versions',
  apply(query, read) {
    if (!isLarge(read) || isShortRange(read)) return undefined;
    if (read.plan.order.descending || !followsKey(query, read) || !hasKeyConditions(read)) return undefined;
    return {
      query: {
        ...query,
        isFinal: false,
        order: [...query.order, NEWEST_VERSION],
        settings: {
          ...query.settings,
          ...settingsOfOrderedRead(BLOCK_ROWS),
          read_in_order_use_buffering: 0,
        },
      },
      why: 'keys with one version need no merge: rows are read in the order in which they are stored, and the reader compares keys',
    };
  },
};
