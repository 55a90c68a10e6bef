import type { QueryPlans, StatementPlan } from '@quantumtrade/dal-domain';
import { planPage, requireRecord, scanBudgetOf } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { planRows, planRowsAgain, planSingleVersions } from '../query/plan-rows.js';
import { planSets, planSetsAgain } from '../query/plan-sets.js';
import type { PlannedQuery } from '../query/rule.js';
import type { ReadDefaults } from './table-reader.js';

/**
 * Explains pages by the plans with which the repositories read them. A page whose versions are left unmerged is merged by the engine
 * instead while the table was found to have keys that come twice.
 */
export function queryPlans(
  sql: Sql,
  { defaultPageRows, scanBudgetRows }: Pick<ReadDefaults, 'defaultPageRows' | 'scanBudgetRows'>,
): QueryPlans {
  return {
    explain: async (record, params, options) => {
      const operation = 'queryPlans.explain';
      sql.checkOpen(operation, options);
      const definition = requireRecord(record, operation);
      const plan = planPage(definition, params, operation, defaultPageRows);
      const read = { plan, limit: plan.limit + 1, budget: scanBudgetOf(plan, scanBudgetRows) };
      const areSets = definition.batch.form === 'sets';
      const query = areSets ? planSets(read) : (planSingleVersions(read) ?? planRows(read));
      const planAgain = areSets ? planSetsAgain : planRowsAgain;
      return {
        ...statementOf(query),
        afterTimeout: statementOrNull(planAgain(read, 'time')),
        afterMemoryLimit: statementOrNull(planAgain(read, 'memory')),
      };
    },
  };
}

const statementOf = ({ sql, rules }: PlannedQuery): StatementPlan => ({ sql, rules });

const statementOrNull = (query: PlannedQuery | undefined): StatementPlan | null =>
  query ? statementOf(query) : null;
