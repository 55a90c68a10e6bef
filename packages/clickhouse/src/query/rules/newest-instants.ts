import { columnOf } from '@quantumtrade/dal-domain';
import type { LatestPlan } from '../latest-query.js';
import type { Rule } from '../rule.js';
import type { TableQuery } from '../table-query.js';

/** Finds the instants of the newest rows from the key's columns, and reads the other columns at these instants alone. */
export const newestInstants: Rule<LatestPlan> = {
  name: 'newest-instants',
  apply(query, plan) {
    // A query that needs no merge reads few rows already.
    if (plan.areSets || plan.isIdentifier || plan.isHinted || !query.isFinal) return undefined;
    return {
      query: {
        ...query,
        conditions: [...query.conditions, plan.isMany ? ofEachKey(query, plan) : ofOneKey(query, plan)],
        ...(plan.isMany && { settings: { ...query.settings, optimize_read_in_order: 0 } }),
      },
      why: `the instants of the ${plan.limit} newest rows of a key are found first, so that versions are merged at these instants only`,
    };
  },
};

const ofOneKey = ({ definition, conditions }: TableQuery, { limit }: LatestPlan): string =>
  `timestamp >= (SELECT min(timestamp) FROM (SELECT timestamp FROM ${definition.table} WHERE ${conditions.join(' AND ')}
    ORDER BY timestamp DESC LIMIT 1 BY timestamp LIMIT ${limit}))`;

function ofEachKey({ definition, conditions }: TableQuery, { by, limit }: LatestPlan): string {
  const columns = by.map(columnOf).join(', ');
  const rows = `FROM ${definition.table} WHERE ${conditions.join(' AND ')}`;
  const instants =
    limit === 1
      ? `SELECT ${columns}, max(timestamp) ${rows} GROUP BY ${columns}`
      : `SELECT ${columns}, timestamp FROM (SELECT DISTINCT ${columns}, timestamp ${rows})
         ORDER BY timestamp DESC LIMIT ${limit} BY ${columns}`;
  return `(${columns}, timestamp) IN (${instants})`;
}
