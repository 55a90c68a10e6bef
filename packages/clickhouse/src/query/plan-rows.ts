import type { PlanRetry, RetryQuery } from './plan-retry.js';
import { planRetry } from './plan-retry.js';
import type { RowRead } from './row-query.js';
import { plainRows } from './row-query.js';
import type { PlannedQuery, Rule } from './rule.js';
import { applyRules } from './rule.js';
import { anyOrder } from './rules/any-order.js';
import { fixedFields } from './rules/fixed-fields.js';
import { firstChunkRows, keyChunks } from './rules/key-chunks.js';
import { keyOrder } from './rules/key-order.js';
import { keysetRange } from './rules/keyset-range.js';
import { newestVersions } from './rules/newest-versions.js';
import { isLarge } from './rules/read-in-order.js';
import { scanBudget } from './rules/scan-budget.js';
import { shortRange } from './rules/short-range.js';
import { singleVersions } from './rules/single-versions.js';

/** A rule that reads bars from rollups would be the first one, since the others depend on the table. */
const RULES = [fixedFields, keysetRange, shortRange, newestVersions, keyOrder, scanBudget];

const RULES_IN_ANY_ORDER = [anyOrder, scanBudget];

/** Returns the rules of a read. Most rules need an order. */
const rulesOf = ({ plan }: RowRead): readonly Rule<RowRead>[] =>
  plan.order.by === 'none' ? RULES_IN_ANY_ORDER : RULES;

/** Plans a read of rows. */
export const planRows = (read: RowRead): PlannedQuery => applyRules(plainRows(read), read, rulesOf(read));

/** Plans a read of rows again that ran out of time or memory. */
export const planRowsAgain: PlanRetry = (read, shortage) =>
  planRetry(plainRows(read), read, rulesOf(read), shortage) ?? planFirstChunk(read);

function planFirstChunk(read: RowRead): RetryQuery | undefined {
  const limit = firstChunkRows(read.limit);
  const planned = limit === undefined ? undefined : planKeyChunk({ ...read, limit });
  return planned && { ...planned, division: 'chunks' };
}

/** Plans a read of one chunk of rows in key order. Returns undefined where it would not stop at its limit. */
export function planKeyChunk(read: RowRead): PlannedQuery | undefined {
  const planned = applyRules(plainRows(read), read, [...RULES, keyChunks]);
  return planned.rules.some(({ rule }) => rule === keyChunks.name) ? planned : undefined;
}

const SINGLE_RULES = [fixedFields, keysetRange, shortRange, singleVersions, scanBudget];

/**
 * Plans a read of rows that is right only if no key comes twice in its answer. Returns undefined where it would not cost less than
 * {@link planRows}.
 */
export function planSingleVersions(read: RowRead): PlannedQuery | undefined {
  if (!isLarge(read)) return undefined;
  const planned = applyRules(plainRows(read), read, SINGLE_RULES);
  return planned.rules.some(({ rule }) => rule === singleVersions.name) ? planned : undefined;
}
