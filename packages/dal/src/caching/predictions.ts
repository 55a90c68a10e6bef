import type { Cache, PredictionRecord, PredictionRepository, ReadOptions } from '@quantumtrade/dal-domain';
import { keyspaces, prediction, TypedKeyspace, withExactness } from '@quantumtrade/dal-domain';
import type { CacheObserver } from './read-through.js';
import { ReadThrough } from './read-through.js';

/**
 * Predictions cached by id under `prediction:{predictionId}`. A write drops its ids instead of writing them through: only
 * the store knows whether it holds a later prediction of the same id.
 */
export function cachedPredictions(
  repository: PredictionRepository,
  cache: Cache,
  observer: CacheObserver,
): PredictionRepository {
  const byId = new TypedKeyspace(cache, keyspaces.prediction);
  const through = new ReadThrough(observer);

  return {
    insert(batch, options) {
      const ids = idsOf(batch?.predictions);
      const drop = (within: ReadOptions) =>
        Promise.all(ids.map((predictionId) => byId.delete({ predictionId }, within)));
      return through.write(
        ids,
        () => repository.insert(batch, options),
        (_, within) => drop(within),
        drop,
      );
    },
    async findById<E extends boolean = false>(predictionId: string, options?: ReadOptions<E>) {
      if (typeof predictionId !== 'string') return repository.findById(predictionId, options);
      const { value } = await through.read<PredictionRecord<true>>(predictionId, options, {
        cached: (within) => byId.get({ predictionId }, within),
        load: () => repository.findById(predictionId, { ...options, exact: true }),
        store: (record, within) => byId.set({ predictionId }, record, within),
      });
      return value && (withExactness(prediction, value, options?.exact ?? false) as PredictionRecord<E>);
    },
    find: (params, options) => repository.find(params, options),
    dueForEvaluation: (horizonMinutes, now, options) =>
      repository.dueForEvaluation(horizonMinutes, now, options),
  };
}

/** Each id once, of predictions that nobody has checked yet. */
export function idsOf(predictions: unknown): string[] {
  const records: readonly { predictionId?: unknown }[] = Array.isArray(predictions) ? predictions : [];
  return [...new Set(records.map((record) => record?.predictionId))].filter((id) => typeof id === 'string');
}
