import type { ReadThroughCache } from '@quantumtrade/dal-cache';
import type { PredictionRecord, PredictionRepository, ReadOptions } from '@quantumtrade/dal-domain';
import { affectedKeys, keyspaces, prediction, READ_OPTIONS, requireValues } from '@quantumtrade/dal-domain';
import type { CachedMethods } from '../observation.js';
import { cachedEntries } from './cached-entries.js';
import { exactnessOf } from './exactness.js';

/**
 * Caches predictions by id under `prediction:{predictionId}`. A write removes its ids in place of replacing their values: only the
 * store determines whether it holds a later prediction of the same id.
 */
export function cachedPredictions(
  repository: PredictionRepository,
  cache: ReadThroughCache,
): CachedMethods<PredictionRepository> {
  const byId = cache.values(
    keyspaces.prediction,
    ({ predictionId }, limits) => repository.findById(predictionId, { ...limits, exact: true }),
    READ_OPTIONS,
  );
  const withExactness = exactnessOf(prediction);

  return {
    calls: {
      insert: (batch, options) =>
        cache.write(affectedKeys('predictions', batch), () => repository.insert(batch, options)),
      async findById<E extends boolean = false>(predictionId: string, options?: ReadOptions<E>) {
        if (typeof predictionId !== 'string') return repository.findById(predictionId, options);
        const value = await byId.get({ predictionId }, options);
        return value && (withExactness(value, options?.exact ?? false) as PredictionRecord<E>);
      },
      async findByIds<E extends boolean = false>(ids: readonly string[], options?: ReadOptions<E>) {
        const wanted = requireValues(
          prediction.fields.predictionId,
          'predictionIds',
          ids,
          'predictions.findByIds',
        );
        return cachedEntries(
          wanted,
          {
            values: byId,
            part: 'predictionId',
            load: async (missing, limits) => {
              const found = await repository.findByIds(missing, { ...limits, exact: true });
              return missing.map((id) => found.get(id) ?? null);
            },
            convert: (value) => withExactness(value, options?.exact ?? false) as PredictionRecord<E>,
          },
          options,
        );
      },
    },
    atHand: {
      findById: (predictionId, options) => {
        const value = byId.peek({ predictionId }, options);
        return value && withExactness(value, options?.exact ?? false);
      },
    },
  };
}
