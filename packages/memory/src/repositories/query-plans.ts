import type { QueryPlans } from '@quantumtrade/dal-domain';
import { planAggregation, planPage, requireRecord } from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';

/** Describes reads in words: this store has no statements and no rules. */
export function memoryQueryPlans(store: MemoryStore): QueryPlans {
  return {
    explain: async (record, params, options) => {
      const operation = 'queryPlans.explain';
      store.checkOpen(operation, options);
      const definition = requireRecord(record, operation);
      const { order, limit } = planPage(definition, params, operation, store.limits.defaultPageRows);
      const direction = order.descending ? 'descending' : 'ascending';
      const sorted =
        order.fields.length > 0 ? `sorted by ${order.fields.join(', ')} (${direction})` : 'unsorted';
      const items = definition.batch.form === 'sets' ? 'sets' : 'rows';
      return {
        sql: `matching ${items} of ${definition.table} in memory, ${sorted}, at most ${limit}`,
        rules: [],
        afterTimeout: null,
        afterMemoryLimit: null,
      };
    },

    explainAggregation: async (params, options) => {
      const operation = 'queryPlans.explainAggregation';
      store.checkOpen(operation, options);
      const { definition, groupBy, limit } = planAggregation(params, operation);
      const groups = ['interval', ...groupBy].join(', ');
      return {
        sql: `aggregates of ${definition.table} in memory by ${groups}, at most ${limit ?? 'all'}`,
        rules: [],
        afterTimeout: null,
        afterMemoryLimit: null,
      };
    },
  };
}
