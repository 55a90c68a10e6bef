import { isDatabaseError } from '@quantumtrade/dal-domain';
import type { RowRead } from './row-query.js';
import type { PlannedQuery, Rule } from './rule.js';
import { applyRules } from './rule.js';
import { LESS_MEMORY, lessMemory } from './rules/less-memory.js';
import { timeSlices } from './rules/time-slices.js';
import type { QuerySettings, TableQuery } from './table-query.js';

/** The resource that a query ran out of. */
export type Shortage = 'time' | 'memory';

/** A cheaper query for a read that ran out of time or memory. */
export interface RetryQuery extends PlannedQuery {
  /**
   * How the read is divided: `slices` when the query reads one slice of time, whose bounds are parameters; `chunks` when it reads the
   * rows up to a limit, after which the next one begins. Undefined when one query reads all.
   */
  readonly division: 'slices' | 'chunks' | undefined;
}

/** Plans a read again that ran out of something. Returns undefined where no query costs less of it. */
export type PlanRetry = (read: RowRead, shortage: Shortage) => RetryQuery | undefined;

/** Returns what the query of an error ran out of; undefined for other errors. */
export function shortageOf(error: unknown): Shortage | undefined {
  if (!isDatabaseError(error)) return undefined;
  if (error.kind === 'MEMORY_LIMIT') return 'memory';
  // Nothing was sent of a call that waited in vain for a connection: further queries would add to the load.
  return error.code === 'TIMEOUT' && error.queryId !== undefined ? 'time' : undefined;
}

/** Returns settings for queries that run again, with which they need less of what ran out. */
export const settingsAgain = (shortage: Shortage): QuerySettings =>
  shortage === 'memory' ? LESS_MEMORY : {};

/** Applies the rules of a read, and those for what it ran out of. */
export function planRetry(
  plain: TableQuery,
  read: RowRead,
  rules: readonly Rule<RowRead>[],
  shortage: Shortage,
): RetryQuery | undefined {
  const more = shortage === 'time' ? [timeSlices] : [timeSlices, lessMemory];
  const planned = applyRules(plain, read, [...rules, ...more]);
  const division = planned.rules.some(({ rule }) => rule === timeSlices.name) ? 'slices' : undefined;
  return division || shortage === 'memory' ? { ...planned, division } : undefined;
}
