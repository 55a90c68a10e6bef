import { columnOf } from '@quantumtrade/dal-domain';
import type { Rule } from '../rule.js';
import type { RowRead } from '../row-query.js';
import { NEWEST_VERSION } from '../table-query.js';
import { followsKey, hasKeyConditions, settingsOfOrderedRead } from './read-in-order.js';
import { isShortRange } from './short-range.js';

/**
 * Reads a page in descending order backwards and takes the first version of each key, which is the newest. The engine merges
 * versions in ascending order only, and would read all rows before the page.
 */
export const newestVersions: Rule<RowRead> = {
  name: 'newest-versions',
  apply(query, read) {
    const { definition } = query;
    if (!read.plan.order.descending || read.limit === undefined || isShortRange(read)) return undefined;
    if (!hasKeyConditions(read) || !followsKey(query, read)) return undefined;
    return {
      query: {
        ...query,
        isFinal: false,
        order: [...query.order, NEWEST_VERSION],
        limitBy: { count: 1, columns: definition.key.map(columnOf) },
        settings: { ...query.settings, ...settingsOfOrderedRead(read.limit), read_in_order_use_buffering: 0 },
      },
      why: 'rows are read backwards from the end of the page, the newest version of each key first',
    };
  },
};
