import type { AggregationPlan, StatementPlan } from '@quantumtrade/dal-domain';
import type { SqlParams } from '../connection/sql.js';
import { filterOf } from './filter.js';
import { aggregateQuery, isFloat } from './aggregate-query.js';
import type { Shortage } from './plan-retry.js';
import { settingsAgain } from './plan-retry.js';
import { lessMemory } from './rules/less-memory.js';
import { timeSlices } from './rules/time-slices.js';
import type { QuerySettings } from './table-query.js';
import { SLICE_CONDITION } from './time-slice.js';

/** A statement of aggregates. */
export interface AggregateStatement extends StatementPlan {
  readonly params: SqlParams;
  readonly settings: QuerySettings;
  /**
   * How the rows are divided: `slices` of time of which each has whole aggregates, or slices whose aggregates are `merged`.
   * Undefined when one statement reads all.
   */
  readonly division: 'slices' | 'merged' | undefined;
}

/** Plans the read of the first aggregates in their order. */
export function planAggregate(plan: AggregationPlan, limit = plan.limit): AggregateStatement {
  const { where, params } = filterOf(plan.selection);
  const sql = aggregateQuery(plan, where, limit);
  return { sql, params, settings: {}, rules: [], division: undefined };
}

/** Plans a read of aggregates again that ran out of time or memory. Returns undefined where no statement costs less of it. */
export function planAggregateAgain(
  plan: AggregationPlan,
  shortage: Shortage,
  limit = plan.limit,
): AggregateStatement | undefined {
  const division = divisionOf(plan);
  const settings = settingsAgain(shortage);
  const sparing = shortage === 'memory' ? [{ rule: lessMemory.name, why: LESS_MEMORY_WHY }] : [];
  if (division === undefined) {
    return shortage === 'memory' ? { ...planAggregate(plan, limit), settings, rules: sparing } : undefined;
  }
  const { where, params } = filterOf(plan.selection, [SLICE_CONDITION]);
  const sql = aggregateQuery(plan, where, division === 'merged' ? undefined : limit);
  const rules = [{ rule: timeSlices.name, why: DIVISION_WHY[division] }, ...sparing];
  return { sql, params, settings, rules, division };
}

const LESS_MEMORY_WHY = 'one thread with small blocks holds fewer rows, and large groups continue on disk';
const DIVISION_WHY = {
  slices: 'each query reads a slice of time, which begins and ends where intervals do',
  merged: 'each query reads a slice of time, and the aggregates of the slices are merged by group',
};

/** A sum of floats depends on the order in which they are added. */
const divisionOf = ({ width, measure }: AggregationPlan): AggregateStatement['division'] =>
  width ? 'slices' : isFloat(measure.field) ? undefined : 'merged';
