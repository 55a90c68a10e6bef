import type { PlanRetry } from './plan-retry.js';
import { planRetry } from './plan-retry.js';
import type { RowRead } from './row-query.js';
import { plainRows } from './row-query.js';
import type { PlannedQuery } from './rule.js';
import { applyRules } from './rule.js';
import { keysetRange } from './rules/keyset-range.js';
import { scanBudget } from './rules/scan-budget.js';
import type { TableQuery } from './table-query.js';

const SET_KEY = ['symbol', 'timestamp', 'feature_version'];
/** The features of a set by name. */
const FEATURES =
  'arraySort(groupArray((toString(feature_name), feature_value, feature_metadata, calculation_time_ms))) AS features';

const RULES = [keysetRange, scanBudget];

/** Reads the rows of all sets, groups them, and sorts the sets. */
const plainSets = (read: RowRead): TableQuery => ({
  ...plainRows(read),
  columns: [...SET_KEY, FEATURES],
  groupBy: SET_KEY,
});

/** Plans a read of feature sets. Its limit counts sets. */
export const planSets = (read: RowRead): PlannedQuery => applyRules(plainSets(read), read, RULES);

/** Plans a read of feature sets again that ran out of time or memory. */
export const planSetsAgain: PlanRetry = (read, shortage) => planRetry(plainSets(read), read, RULES, shortage);
