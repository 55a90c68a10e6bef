import type { LatestPlan } from './latest-query.js';
import { plainLatest } from './latest-query.js';
import type { PlannedQuery } from './rule.js';
import { applyRules } from './rule.js';
import { identifierIndex } from './rules/identifier-index.js';
import { newestInstants } from './rules/newest-instants.js';
import { newestParts } from './rules/newest-parts.js';
import { newestSet } from './rules/newest-set.js';
import { readBackwards } from './rules/read-backwards.js';

const RULES = [newestParts, newestSet, identifierIndex, readBackwards, newestInstants];

/** Queries of lookups that differ in their keys and hints alone. */
export interface LatestQueries {
  readonly one: HintVariants;
  readonly many: HintVariants;
}

interface HintVariants {
  readonly plain: PlannedQuery;
  readonly hinted: PlannedQuery;
}

/** Plans lookups of newest rows: of one key and of many, without a hint and with one. */
export function planLatest(lookup: Omit<LatestPlan, 'isMany' | 'isHinted'>): LatestQueries {
  const planned = (isMany: boolean, isHinted: boolean): PlannedQuery => {
    const plan = { ...lookup, isMany, isHinted };
    return applyRules(plainLatest(plan), plan, RULES);
  };
  const variants = (isMany: boolean): HintVariants => ({
    plain: planned(isMany, false),
    hinted: planned(isMany, true),
  });
  return { one: variants(false), many: variants(true) };
}
