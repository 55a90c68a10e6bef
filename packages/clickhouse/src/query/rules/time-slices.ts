import type { Rule } from '../rule.js';
import type { RowRead } from '../row-query.js';
import { SLICE_CONDITION } from '../time-slice.js';

/**
 * Reads one slice of time of rows in time order, or in any. Slices are read one after the other, so that each query sorts and merges
 * the rows of a partition at most, and those behind the end of the page are not read.
 */
export const timeSlices: Rule<RowRead> = {
  name: 'time-slices',
  apply(query, { plan }) {
    const isInAnyOrder = plan.order.by === 'none';
    const fixed = new Set(plan.equals.map(({ name }) => name));
    const leading = query.order.find(({ field }) => !fixed.has(field ?? ''));
    if (!isInAnyOrder && leading?.field !== 'timestamp') return undefined;
    const order = isInAnyOrder ? 'rows may come in any order' : 'rows are in time order';
    return {
      query: { ...query, conditions: [...query.conditions, SLICE_CONDITION] },
      why: `${order}: each query reads a slice of time, a partition or less, until the page is full`,
    };
  },
};
