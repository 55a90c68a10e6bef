import type { PredictionRepository, Row } from '@quantumtrade/dal-domain';
import { DUE_OPTIONS, READ_OPTIONS, records, requireField, requireLimit } from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';
import { present, result } from '../store/memory-store.js';
import { timeOf } from '../store/series.js';

const MINUTE_MS = 60_000;

export function predictionRepository(store: MemoryStore): PredictionRepository {
  return {
    insert: async (batch, options) => store.insert('predictions', batch, options),

    find: async (params, options) => store.find('predictions', params, options),

    findById: async (predictionId, options) => {
      const operation = 'predictions.findById';
      store.checkOpen(operation, options, READ_OPTIONS);
      const newest = store.rowsWhere('predictions', 'predictionId', predictionId, operation).at(-1);
      return newest ? present('predictions', [newest], options)[0]! : null;
    },

    dueForEvaluation: async (horizonMinutes, now, options) => {
      const started = performance.now();
      const operation = 'predictions.dueForEvaluation';
      store.checkOpen(operation, options, DUE_OPTIONS);
      requireField(records.predictions.fields.predictionHorizon, 'horizonMinutes', horizonMinutes, operation);
      const until = requireField({ kind: 'instant' }, 'now', now, operation) as number;
      const limit = options?.limit === undefined ? undefined : requireLimit(options.limit, operation);
      store.requireTables(operation, 'predictions', 'outcomes');
      const isDue = (row: Row) =>
        timeOf(row) + horizonMinutes * MINUTE_MS <= until && !store.tables.outcomes.has(row);
      const rows = store
        .rowsWhere('predictions', 'predictionHorizon', horizonMinutes, operation)
        .filter(isDue);
      return result(started, rows.length, present('predictions', rows.slice(0, limit), options));
    },
  };
}
