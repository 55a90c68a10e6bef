import type { AppliedRule } from '@quantumtrade/dal-domain';
import type { TableQuery } from './table-query.js';
import { toSql } from './table-query.js';
import type { SqlParams } from '../connection/sql.js';
import type { QuerySettings } from './table-query.js';

/** Makes a query cheaper that answers the same. `P` is what the query was made from. */
export interface Rule<P> {
  /** Name in explanations, e.g. `keyset-range`. */
  readonly name: string;
  /** Returns the cheaper query and the reason; undefined where the rule does not apply. */
  apply(query: TableQuery, plan: P): { readonly query: TableQuery; readonly why: string } | undefined;
}

/** A query that is ready to be sent. */
export interface PlannedQuery {
  readonly sql: string;
  readonly params: SqlParams;
  readonly settings: QuerySettings;
  readonly rules: readonly AppliedRule[];
}

/** Applies rules in their order. */
export function applyRules<P>(plain: TableQuery, plan: P, rules: readonly Rule<P>[]): PlannedQuery {
  const applied: AppliedRule[] = [];
  let query = plain;
  for (const { name, apply } of rules) {
    const result = apply(query, plan);
    if (!result) continue;
    query = result.query;
    applied.push({ rule: name, why: result.why });
  }
  return { sql: toSql(query), params: query.params, settings: query.settings, rules: applied };
}
