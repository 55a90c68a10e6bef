import type { FeatureRepository, FeatureSet, Row } from '@quantumtrade/dal-domain';
import { feature, featureSetOf, planQuery, requireField } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { Filter } from './filter.js';
import { filterOf } from './filter.js';
import { countOf, limitClause, readPage, timed, withLimit } from './table-reader.js';
import type { RecordWriter } from '../write/record-writer.js';

/** One set as the engine groups it: its features sorted by name. */
interface JsonSet {
  readonly symbol: string;
  readonly timestamp_ms: string;
  readonly feature_version: number;
  readonly features: readonly [name: string, value: number, metadata: string, calculationTimeMs: number][];
}

const SETS = `SELECT symbol, toUnixTimestamp64Milli(timestamp) AS timestamp_ms, feature_version,
    arraySort(groupArray((toString(feature_name), feature_value, feature_metadata, calculation_time_ms))) AS features
  FROM ${feature.table} FINAL`;
const IN_SETS = 'GROUP BY timestamp, symbol, feature_version ORDER BY timestamp, symbol, feature_version';

export function featureRepository(sql: Sql, writer: RecordWriter): FeatureRepository {
  const read = async (
    operation: string,
    { where, params }: Filter,
    limit: number | undefined,
    options: Parameters<FeatureRepository['find']>[1],
  ): Promise<FeatureSet[]> => {
    return sql.result(
      operation,
      `${SETS} ${where} ${IN_SETS} ${limitClause(limit)}`,
      withLimit(params, limit),
      options,
      toFeatureSet,
    );
  };

  return {
    insert: async (batches, options) => writer.insert('features', batches, options),

    find: async (params, options) => {
      const operation = 'features.find';
      sql.checkOpen(operation, options);
      const plan = planQuery(feature, params, operation);
      const filter = filterOf(plan);
      const count = `SELECT uniqExact(symbol, timestamp, feature_version) AS count
        FROM ${feature.table} FINAL ${filter.where}`;
      return timed(() =>
        readPage(
          plan.limit,
          () => read(operation, filter, plan.limit, options),
          () => countOf(sql, operation, count, filter.params, options),
        ),
      );
    },

    latest: async (symbol, options) => {
      const operation = 'features.latest';
      sql.checkOpen(operation, options);
      const newest = `WHERE symbol = {symbol:String} AND (timestamp, feature_version) IN (
          SELECT timestamp, feature_version FROM ${feature.table} WHERE symbol = {symbol:String}
          ORDER BY timestamp DESC, feature_version DESC LIMIT 1
        )`;
      const params = { symbol: requireField(feature.fields.symbol, 'symbol', symbol, operation) };
      const [set] = await read(operation, { where: newest, params }, undefined, options);
      return set ?? null;
    },

    latestValue: async (symbol, featureName, options) => {
      const operation = 'features.latestValue';
      sql.checkOpen(operation, options);
      const [newest] = await sql.rows<{ feature_value: number }>(
        operation,
        `SELECT feature_value FROM ${feature.table} FINAL
         WHERE symbol = {symbol:String} AND feature_name = {featureName:String}
         ORDER BY timestamp DESC, feature_version DESC LIMIT 1`,
        {
          symbol: requireField(feature.fields.symbol, 'symbol', symbol, operation),
          featureName: requireField(feature.fields.featureName, 'featureName', featureName, operation),
        },
        options,
      );
      return newest?.feature_value ?? null;
    },
  };
}

function toFeatureSet(set: JsonSet): FeatureSet {
  return featureSetOf(
    set.features.map(([featureName, featureValue, featureMetadata, calculationTimeMs]): Row => ({
      symbol: set.symbol,
      timestamp: Number(set.timestamp_ms),
      featureName,
      featureValue,
      featureMetadata,
      featureVersion: set.feature_version,
      calculationTimeMs,
    })),
  );
}
