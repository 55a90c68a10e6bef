import type { Rule } from '../rule.js';
import type { RowRead } from '../row-query.js';

/** Lets the engine refuse a query that would read more rows than it may: it compares its own estimate before it reads any. */
export const scanBudget: Rule<RowRead> = {
  name: 'scan-budget',
  apply(query, { budget }) {
    if (budget === undefined) return undefined;
    return {
      query: { ...query, settings: { ...query.settings, max_rows_to_read: budget } },
      why: `the whole selection has to be read: at most ${budget} rows, or the call is refused`,
    };
  },
};
