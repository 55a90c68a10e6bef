import type {
  BatchResult,
  Cache,
  PredictionBatch,
  PredictionRecord,
  PredictionRepository,
  ReadOptions,
} from '@quantumtrade/dal-domain';
import {
  keyspaces,
  prediction,
  preparePredictions,
  presentRow,
  TypedKeyspace,
  withExactness,
} from '@quantumtrade/dal-domain';
import type { CacheObserver } from './read-through.js';
import { readThrough, tolerant } from './read-through.js';

/** Larger batches are history rather than live: they are not put into the cache, only cleared from it. */
const WRITE_THROUGH_ROWS = 1_000;

/** Predictions cached by id under `prediction:{predictionId}`. */
export function cachedPredictions(
  repository: PredictionRepository,
  cache: Cache,
  observer: CacheObserver,
): PredictionRepository {
  const byId = new TypedKeyspace(cache, keyspaces.prediction);

  async function follow(batch: PredictionBatch, result: BatchResult): Promise<void> {
    const refused = new Set(result.errors.map((error) => error.index));
    const accepted = batch.predictions.filter((_, index) => !refused.has(index));
    if (result.updatedCount > 0) {
      await Promise.all(accepted.map(({ predictionId }) => byId.delete({ predictionId })));
    } else if (accepted.length <= WRITE_THROUGH_ROWS) {
      const { rows } = preparePredictions({ ...batch, predictions: accepted }, 0);
      const fresh = rows.map(({ row }) => presentRow(prediction, row, true));
      await Promise.all(fresh.map((record) => byId.set(record, record)));
    }
  }

  return {
    async insert(batch, options) {
      const result = await repository.insert(batch, options);
      await tolerant(() => follow(batch, result), undefined);
      return result;
    },
    async findById<E extends boolean = false>(predictionId: string, options?: ReadOptions<E>) {
      const { value } = await readThrough<PredictionRecord<true>>(
        observer,
        () => byId.get({ predictionId }, options),
        () => repository.findById(predictionId, { ...options, exact: true }),
        (record) => byId.set({ predictionId }, record, options),
      );
      return value && (withExactness(prediction, value, options?.exact ?? false) as PredictionRecord<E>);
    },
    find: (params, options) => repository.find(params, options),
    dueForEvaluation: (horizonMinutes, now, options) =>
      repository.dueForEvaluation(horizonMinutes, now, options),
  };
}
