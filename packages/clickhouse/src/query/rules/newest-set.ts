import { columnOf } from '@quantumtrade/dal-domain';
import type { LatestPlan } from '../latest-query.js';
import type { Rule } from '../rule.js';
import { orderedColumn } from '../table-query.js';

/**
 * Finds the timestamp and version of each newest set from two columns, and reads the other columns of these sets alone. A hinted lookup of one
 * key has few rows to choose from, and reads them once.
 */
export const newestSet: Rule<LatestPlan> = {
  name: 'newest-set',
  apply(query, { definition, areSets, by, isMany, isHinted }) {
    if (!areSets) return undefined;
    if (isHinted && !isMany) {
      const firstBy = ['timestamp', 'featureVersion'].map((name) => orderedColumn(definition, name, true));
      return {
        query: { ...query, firstBy },
        why: 'few rows are read from an instant on, of which those of the newest timestamp and version are returned',
      };
    }
    const columns = by.map(columnOf).join(', ');
    const newest = `SELECT ${columns}, max((timestamp, feature_version)) AS newest
      FROM ${query.definition.table} WHERE ${query.conditions.join(' AND ')} GROUP BY ${columns}`;
    const condition = `(${columns}, timestamp, feature_version) IN (SELECT ${columns}, newest.1, newest.2 FROM (${newest}))`;
    return {
      query: { ...query, conditions: [...query.conditions, condition] },
      why: 'the newest timestamp and version of each symbol are found first, so that older sets are not returned',
    };
  },
};
