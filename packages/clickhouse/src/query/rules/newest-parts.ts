import { boundInstant } from '../../codec/kinds.js';
import type { LatestPlan } from '../latest-query.js';
import { settingsOfSortedRead } from '../latest-query.js';
import type { Rule } from '../rule.js';

/**
 * Reads only rows from an instant on at which earlier lookups found the newest ones. Parts of the table that end before it are left
 * alone, and what is left is sorted faster than it is read in order. Keys with too few such rows are looked up without it.
 */
export const newestParts: Rule<LatestPlan> = {
  name: 'newest-parts',
  apply(query, { isHinted, isMany }) {
    if (!isHinted) return undefined;
    return {
      query: {
        ...query,
        conditions: [...query.conditions, `timestamp >= ${boundInstant('since')}`],
        settings: { ...query.settings, ...settingsOfSortedRead(isMany) },
      },
      why: 'earlier lookups found the newest rows from an instant on, so that older parts are not read',
    };
  },
};
