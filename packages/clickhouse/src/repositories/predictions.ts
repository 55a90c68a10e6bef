import type { PredictionRepository } from '@quantumtrade/dal-domain';
import {
  DUE_OPTIONS,
  MIN_INSTANT,
  outcome,
  prediction,
  READ_OPTIONS,
  requireField,
  requireLimit,
} from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { instantOf, typeOf } from '../encoding/columns.js';
import { TableReader } from './table-reader.js';
import type { TableWriter } from '../writing/table-writer.js';

const MINUTE_MS = 60_000;
const HORIZON = prediction.fields.predictionHorizon;

export function predictionRepository(sql: Sql, writer: TableWriter): PredictionRepository {
  const reader = new TableReader(sql, prediction);
  return {
    insert: async (batch, options) => writer.write('predictions', batch, options),

    find: async (params, options) => reader.find(params, options),

    findById: async (predictionId, options) => {
      const operation = 'predictions.findById';
      sql.checkOpen(operation, options, READ_OPTIONS);
      const selection = {
        ...reader.where(operation, 'predictionId', predictionId),
        order: 'timestamp DESC, symbol DESC',
        limit: 1,
      };
      const [newest] = await reader.rows(operation, selection, options);
      return newest ?? null;
    },

    dueForEvaluation: async (horizonMinutes, now, options) => {
      const operation = 'predictions.dueForEvaluation';
      sql.checkOpen(operation, options, DUE_OPTIONS);
      const horizon = requireField(HORIZON, 'horizonMinutes', horizonMinutes, operation) as number;
      const until = requireField({ kind: 'instant' }, 'now', now, operation) as number;
      // The engine has no instants before the first that a prediction can have.
      const latest = Math.max(until - horizon * MINUTE_MS, MIN_INSTANT - 1);
      return reader.select(
        operation,
        {
          where: `WHERE prediction_horizon = {horizon:${typeOf(HORIZON)}} AND timestamp <= ${instantOf('latest')}
            AND (prediction_id, symbol, timestamp) NOT IN (
              SELECT prediction_id, symbol, timestamp FROM ${outcome.table} WHERE timestamp <= ${instantOf('latest')}
            )`,
          params: { horizon, latest },
          limit: options?.limit === undefined ? undefined : requireLimit(options.limit, operation),
        },
        options,
      );
    },
  };
}
