import type { SelectionPlan } from '@quantumtrade/dal-domain';
import type { SqlParams } from '../connection/sql.js';
import { conditionsOf } from './conditions.js';

/** A condition on rows, with the values bound in it. */
export interface Filter {
  /** `WHERE …`, or empty when every row will do. */
  readonly where: string;
  readonly params: SqlParams;
}

/** Returns the filter of a selection, and of further conditions. */
export function filterOf(selection: SelectionPlan, further: readonly string[] = []): Filter {
  const { conditions: selected, params } = conditionsOf(selection);
  const conditions = [...selected, ...further];
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', params };
}
