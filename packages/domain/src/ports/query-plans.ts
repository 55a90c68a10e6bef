import type { PageQuery, SetQuery } from '../queries/parameters.js';
import type { RecordName } from '../records/records.js';
import type { CallOptions } from './call.js';

/** A rule that made a query cheaper, and the reason why it applies. */
export interface AppliedRule {
  /** Name of the rule, e.g. `keyset-range`. */
  readonly rule: string;
  readonly why: string;
}

/** How a store runs a read. */
export interface QueryExplanation {
  /** The statement that is sent first, with names in place of bound values. A store without statements describes the read in words. */
  readonly sql: string;
  /** Rules that were applied, in their order. */
  readonly rules: readonly AppliedRule[];
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
}
