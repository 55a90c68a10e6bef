import type { QueryParams } from '../queries/query.js';
import type { PredictionOutcome, OutcomeBatch } from '../records/outcome.js';
import type { BatchResult, QueryResult } from '../results.js';
import type { CallOptions, ReadOptions } from './call.js';

/** Outcomes of predictions, keyed by the prediction's id, symbol and timestamp. */
export interface OutcomeRepository {
  /** As `MarketDataRepository.insert`. */
  insert(batch: OutcomeBatch, options?: CallOptions): Promise<BatchResult>;

  /** Matching outcomes by ascending timestamp, then prediction id and symbol. */
  find<E extends boolean = false>(
    params: QueryParams,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<PredictionOutcome<E>>>;
}
