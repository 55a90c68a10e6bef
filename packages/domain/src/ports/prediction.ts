import { keysOf } from '../known-keys.js';
import type { QueryParams } from '../queries/query.js';
import type { PredictionRecord, PredictionBatch } from '../records/prediction.js';
import type { BatchResult, QueryResult } from '../results.js';
import type { CallOptions, ReadOptions } from './call.js';

/** Options of {@link PredictionRepository.dueForEvaluation}. */
export interface DueOptions<E extends boolean = false> extends ReadOptions<E> {
  /** At most this many predictions. Default is no limit. */
  limit?: number;
}

/** The keys of {@link DueOptions}. */
export const DUE_OPTIONS = keysOf<DueOptions>({ signal: true, deadline: true, exact: true, limit: true });

/** Predictions, keyed by symbol, timestamp and prediction id. */
export interface PredictionRepository {
  /** As `MarketDataRepository.insert`. */
  insert(batch: PredictionBatch, options?: CallOptions): Promise<BatchResult>;

  /** The prediction with this id, or null. Of several with one id, the one with the greatest timestamp, then symbol. */
  findById<E extends boolean = false>(
    predictionId: string,
    options?: ReadOptions<E>,
  ): Promise<PredictionRecord<E> | null>;

  /** Matching predictions by ascending timestamp, then symbol, then id. */
  find<E extends boolean = false>(
    params: QueryParams,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<PredictionRecord<E>>>;

  /**
   * Predictions with this horizon that have run out by `now` and have no outcome yet (one of the same id, symbol and
   * timestamp), by ascending timestamp, then symbol, then id. A prediction runs out `predictionHorizon` minutes after its timestamp.
   */
  dueForEvaluation<E extends boolean = false>(
    horizonMinutes: number,
    now: Date | number,
    options?: DueOptions<E>,
  ): Promise<QueryResult<PredictionRecord<E>>>;
}
