import type { Rule } from '../rule.js';
import type { RowRead } from '../row-query.js';

/** Leaves fields that the selection gives one value out of the order and of the cursor's position. */
export const fixedFields: Rule<RowRead> = {
  name: 'fixed-fields',
  apply(query, { plan }) {
    const fixed = new Set(plan.equals.map(({ name }) => name));
    const isFree = (_: unknown, i: number) => !fixed.has(query.order[i]!.field ?? '');
    const order = query.order.filter(isFree);
    if (order.length === query.order.length) return undefined;
    const names = query.order.filter(({ field }) => fixed.has(field ?? '')).map(({ field }) => field);
    return {
      query: { ...query, order, after: query.after?.filter(isFree) },
      why: `all rows have the same ${names.join(', ')}, which does not order them`,
    };
  },
};
