import type { LatestPlan } from '../latest-query.js';
import { settingsOfSortedRead } from '../latest-query.js';
import type { Rule } from '../rule.js';

/** Finds rows by the index on their identifier. The order of the table does not help then, and one row needs one thread. */
export const identifierIndex: Rule<LatestPlan> = {
  name: 'identifier-index',
  apply(query, { by, isIdentifier, isMany }) {
    if (!isIdentifier) return undefined;
    return {
      query: {
        ...query,
        settings: { ...query.settings, ...settingsOfSortedRead(isMany) },
      },
      why: `an index on ${by.join(', ')} finds the few rows`,
    };
  },
};
