import { hasOneFirstValue } from '@quantumtrade/dal-domain';
import type { Rule } from '../rule.js';
import type { RowRead } from '../row-query.js';

const SHORT_RANGE_MS = 2 * 86_400_000;

/** Sorts the few rows of one series in a short range, instead of reading each part in order. */
export const shortRange: Rule<RowRead> = {
  name: 'short-range',
  apply(query, read) {
    if (!isShortRange(read)) return undefined;
    return {
      query: { ...query, settings: { ...query.settings, optimize_read_in_order: 0, max_threads: 1 } },
      why: 'the rows of one series in two days or less are few: sorting them takes less than reading them in order',
    };
  },
};

/** Returns whether a read is of one series in a short range. Its rows are sorted, and not read in the order of the key. */
export function isShortRange({ plan }: RowRead): boolean {
  const { start, end } = plan;
  return start !== undefined && end !== undefined && end - start <= SHORT_RANGE_MS && hasOneFirstValue(plan);
}
