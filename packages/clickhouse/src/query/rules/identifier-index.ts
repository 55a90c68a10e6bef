import type { LatestPlan } from '../latest-query.js';
import type { Rule } from '../rule.js';

/** Finds rows by the index on their identifier. The order of the table does not help then, and one row needs one thread. */
export const identifierIndex: Rule<LatestPlan> = {
  name: 'identifier-index',
  apply(query, { by, isIdentifier, isMany }) {
    if (!isIdentifier) return undefined;
    return {
      query: {
        ...query,
        settings: {
          ...query.settings,
          optimize_read_in_order: 0,
          ...(!isMany && { max_threads: 1, query_plan_optimize_lazy_materialization: 0 }),
        },
      },
      why: `an index on ${by.join(', ')} finds the few rows`,
    };
  },
};
