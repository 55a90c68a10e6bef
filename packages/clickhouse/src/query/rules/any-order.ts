import type { RowRead } from '../row-query.js';
import type { Rule } from '../rule.js';
import { isLarge, settingsOfOrderedRead } from './read-in-order.js';

/** Reads a few rows in any order by one thread and in small blocks: each further thread would read blocks of its own in vain. */
export const anyOrder: Rule<RowRead> = {
  name: 'any-order',
  apply(query, read) {
    const { limit } = read;
    if (limit === undefined || isLarge(read)) return undefined;
    return {
      query: { ...query, settings: { ...query.settings, ...settingsOfOrderedRead(limit) } },
      why: 'rows may come in any order: nothing is sorted, and reading stops at the limit',
    };
  },
};
