import type { Rule } from '../rule.js';
import type { RowRead } from '../row-query.js';
import { followsKey, isLarge, settingsOfOrderedRead } from './read-in-order.js';
import { isShortRange } from './short-range.js';

/** Reads a page in the order of the table's key, by one thread and in small blocks, so that it stops soon after its limit. */
export const keyOrder: Rule<RowRead> = {
  name: 'key-order',
  apply(query, read) {
    const { limit } = read;
    if (limit === undefined || isLarge(read) || isShortRange(read)) return undefined;
    if (read.plan.order.descending || !followsKey(query, read)) return undefined;
    return {
      query: { ...query, settings: { ...query.settings, ...settingsOfOrderedRead(limit) } },
      why: 'rows are stored in this order: nothing is sorted, and reading stops at the limit',
    };
  },
};
