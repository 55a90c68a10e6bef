import { affectedKeys, keyspaces, prediction, READ_OPTIONS, requireValues } from '@quantumtrade/dal-domain';
import { cachedEntries } from './cached-entries.js';
import { exactnessOf } from './exactness.js';
/**
 * Caches predictions by id under `prediction:{predictionId}`. A write removes its ids in place of replacing their values: only the
 * store determines whether it holds a later prediction of the same id.
 */
export function cachedPredictions(repository, cache) {
    const byId = cache.values(keyspaces.prediction, ({ predictionId }, limits) => repository.findById(predictionId, { ...limits, exact: true }), READ_OPTIONS);
    const withExactness = exactnessOf(prediction);
    return {
        calls: {
            insert: (batch, options) => cache.write(affectedKeys('predictions', batch), () => repository.insert(batch, options)),
            async findById(predictionId, options) {
                if (typeof predictionId !== 'string')
                    return repository.findById(predictionId, options);
                const value = await byId.get({ predictionId }, options);
                return value && withExactness(value, options?.exact ?? false);
            },
            async findByIds(ids, options) {
                const wanted = requireValues(prediction.fields.predictionId, 'predictionIds', ids, 'predictions.findByIds');
                return cachedEntries(wanted, {
                    values: byId,
                    part: 'predictionId',
                    load: async (missing, limits) => {
                        const found = await repository.findByIds(missing, { ...limits, exact: true });
                        return missing.map((id) => found.get(id) ?? null);
                    },
                    convert: (value) => withExactness(value, options?.exact ?? false),
                }, options);
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
