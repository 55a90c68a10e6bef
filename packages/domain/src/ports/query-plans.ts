import type { AggregationParams } from '../queries/aggregation.js';
import type { PageQuery, SetQuery } from '../queries/parameters.js';
import type { RecordName } from '../records/records.js';
import type { CallOptions } from './call.js';

/** A rule that made a query cheaper, and the reason why it applies. */
export interface AppliedRule {
  /** Name of the rule, e.g. `keyset-range`. */
  readonly rule: string;
  readonly why: string;
}

/** A statement and how it was made. */
export interface StatementPlan {
  /** The statement, with names in place of bound values. */
  readonly sql: string;
  /** Rules that were applied, in their order. */
  readonly rules: readonly AppliedRule[];
}

/** How a store runs a read. */
export interface QueryExplanation extends StatementPlan {
  /** The statement that is sent first. A store without statements describes the read in words. */
  readonly sql: string;
  /**
   * How the read is run again when a statement ends at the store's time limit before the deadline of the call. Null where nothing
   * would be faster.
   */
  readonly afterTimeout: StatementPlan | null;
  /** How the read is run again when the store lacks memory for the statement. Null for a store without such a limit. */
  readonly afterMemoryLimit: StatementPlan | null;
}

/** Explains reads without running them. */
export interface QueryPlans {
  /**
   * Returns how `find` of a record runs with these parameters. Reads no table.
   * @throws ValidationError naming an unknown record, or a parameter that `find` refuses
   */
  explain<N extends RecordName>(
    record: N,
    params?: N extends 'features' ? SetQuery : PageQuery<N>,
    options?: CallOptions,
  ): Promise<QueryExplanation>;

  /**
   * Returns how `aggregate` runs with these parameters. Reads no table.
   * @throws ValidationError naming a parameter that `aggregate` refuses
   */
  explainAggregation<N extends RecordName = 'marketData'>(
    params: AggregationParams<N>,
    options?: CallOptions,
  ): Promise<QueryExplanation>;
}
