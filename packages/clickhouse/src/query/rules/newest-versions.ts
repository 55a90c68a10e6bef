import { columnOf } from '@quantumtrade/dal-domain';
import type { Rule } from '../rule.js';
import type { RowRead } from '../row-query.js';
import { NEWEST_VERSION } from '../table-query.js';
import { followsKey, settingsOfOrderedRead } from './read-in-order.js';

/**
 * Reads a page in descending order backwards and takes the first version of each key, which is the newest. The engine merges
 * versions in ascending order only, and would read all rows before the page. All conditions must be on fields of the key: versions
 * of a row differ in other fields.
 */
export const newestVersions: Rule<RowRead> = {
  name: 'newest-versions',
  apply(query, read) {
    const { definition } = query;
    const { equals, order } = read.plan;
    if (!order.descending || read.limit === undefined || 'max_threads' in query.settings) return undefined;
    if (equals.some(({ name }) => !definition.key.includes(name)) || !followsKey(query, read))
      return undefined;
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
