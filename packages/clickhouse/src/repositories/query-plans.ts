import type { QueryPlans, StatementPlan } from '@quantumtrade/dal-domain';
import { planAggregation, planPage, requireRecord, scanBudgetOf } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { planAggregate, planAggregateAgain } from '../query/plan-aggregate.js';
import { planRows, planRowsAgain, planSingleVersions } from '../query/plan-rows.js';
import { planSets, planSetsAgain } from '../query/plan-sets.js';
import type { ReadDefaults } from './table-reader.js';

/**
 * Explains reads by the plans with which the repositories read them. A page whose versions are left unmerged is merged by the engine
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

    explainAggregation: async (params, options) => {
      const operation = 'queryPlans.explainAggregation';
      sql.checkOpen(operation, options);
      const plan = planAggregation(params, operation);
      return {
        ...statementOf(planAggregate(plan)),
        afterTimeout: statementOrNull(planAggregateAgain(plan, 'time')),
        afterMemoryLimit: statementOrNull(planAggregateAgain(plan, 'memory')),
      };
    },
  };
}

const statementOf = ({ sql, rules }: StatementPlan): StatementPlan => ({ sql, rules });

const statementOrNull = (query: StatementPlan | undefined): StatementPlan | null =>
  query ? statementOf(query) : null;
