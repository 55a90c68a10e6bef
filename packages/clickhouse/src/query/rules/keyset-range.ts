import type { Rule } from '../rule.js';
import type { RowRead } from '../row-query.js';
import type { OrderedColumn } from '../table-query.js';

/**
 * Compares positions column by column. The engine finds the parts and the range of the key for such a condition; a comparison of
 * tuples makes it read everything before the cursor.
 */
export const keysetRange: Rule<RowRead> = {
  name: 'keyset-range',
  apply(query) {
    const { order, after } = query;
    if (!after || order.length === 0) return undefined;
    return {
      query: { ...query, after: undefined, conditions: [...query.conditions, rangeAfter(order, after, 0)] },
      why: 'rows up to the cursor are skipped by the key, and not read',
    };
  },
};

function rangeAfter(order: readonly OrderedColumn[], after: readonly string[], i: number): string {
  const { column, isDescending } = order[i]!;
  const beyond = `${column} ${isDescending ? '<' : '>'} ${after[i]}`;
  if (i === order.length - 1) return beyond;
  return `(${beyond} OR (${column} = ${after[i]} AND ${rangeAfter(order, after, i + 1)}))`;
}
