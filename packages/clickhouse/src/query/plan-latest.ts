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

/** Plans a lookup of newest rows. */
export const planLatest = (plan: LatestPlan): PlannedQuery => applyRules(plainLatest(plan), plan, RULES);
