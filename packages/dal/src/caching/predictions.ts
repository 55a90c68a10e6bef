import type { PredictionRecord, PredictionRepository, ReadOptions } from '@quantumtrade/dal-domain';
import { affectedKeys, keyspaces, prediction, READ_OPTIONS } from '@quantumtrade/dal-domain';
import { exactnessOf } from './exactness.js';
import type { ReadThrough } from './read-through.js';

/**
 * Predictions cached by id under `prediction:{predictionId}`. A write drops its ids instead of writing them through: only
 * the store knows whether it holds a later prediction of the same id.
 */
export function cachedPredictions(
  repository: PredictionRepository,
  through: ReadThrough,
): PredictionRepository {
  const byId = through.values(
    keyspaces.prediction,
    ({ predictionId }, limits) => repository.findById(predictionId, { ...limits, exact: true }),
    READ_OPTIONS,
  );
  const withExactness = exactnessOf(prediction);

  return {
    insert: (batch, options) =>
      through.write(affectedKeys('predictions', batch), () => repository.insert(batch, options)),
    async findById<E extends boolean = false>(predictionId: string, options?: ReadOptions<E>) {
      if (typeof predictionId !== 'string') return repository.findById(predictionId, options);
      const value = await byId.get({ predictionId }, options);
      return value && (withExactness(value, options?.exact ?? false) as PredictionRecord<E>);
    },
    find: (params, options) => repository.find(params, options),
    dueForEvaluation: (horizonMinutes, now, options) =>
      repository.dueForEvaluation(horizonMinutes, now, options),
  };
}
