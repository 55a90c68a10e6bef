import type {
  CallOptions,
  FeatureRepository,
  FeatureSet,
  Page,
  QueryPlan,
  Row,
} from '@quantumtrade/dal-domain';
import {
  feature,
  featureSetOf,
  planPage,
  planStream,
  rowPosition,
  requireField,
  requireValues,
  scanBudgetOf,
} from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { plainRows } from '../query/row-query.js';
import { keysetRange } from '../query/rules/keyset-range.js';
import { orderByOf } from '../query/table-query.js';
import { whereOf } from './filter.js';
import { readItems, toPage } from './item-page.js';
import type { ReadDefaults } from './table-reader.js';
import { limitClause, TableReader, withLimit } from './table-reader.js';
import { requireBudget } from './scan-estimate.js';
import { canonicalRows } from '../read/block-rows.js';
import { LatestLookups } from '../read/latest-lookups.js';
import { requireTable } from './require-table.js';
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
const IN_SETS = 'GROUP BY timestamp, symbol, feature_version';

/** Returns the values on which a set's position depends. */
const keyRowOf = ({ symbol, timestamp, version }: FeatureSet): Row => ({
  symbol,
  timestamp: timestamp.getTime(),
  featureVersion: version,
});

export function featureRepository(sql: Sql, writer: RecordWriter, defaults: ReadDefaults): FeatureRepository {
  const reader = new TableReader(sql, feature, defaults);
  const read = (
    operation: string,
    plan: QueryPlan,
    limit: number,
    options: CallOptions | undefined,
  ): Promise<FeatureSet[]> => {
    const plain = plainRows({ plan, limit });
    const { conditions, order, params } = keysetRange.apply(plain, { plan, limit })?.query ?? plain;
    return sql.result(
      operation,
      `${SETS} ${whereOf(conditions)} ${IN_SETS} ${orderByOf(order)} ${limitClause(limit)}`,
      withLimit(params, limit),
      options,
      toFeatureSet,
    );
  };
  const sets = new LatestLookups(sql, {
    definition: feature,
    by: ['symbol'],
    thenBy: [{ name: 'featureName', isDescending: false }],
    areSets: true,
    isIdentifier: false,
    operation: 'features.latest',
    timeoutMs: defaults.requestTimeoutMs,
  });
  const values = new LatestLookups(sql, {
    definition: feature,
    by: ['symbol', 'featureName'],
    thenBy: [{ name: 'featureVersion', isDescending: true }],
    areSets: false,
    isIdentifier: false,
    operation: 'features.latestValue',
    timeoutMs: defaults.requestTimeoutMs,
  });

  return {
    insert: async (batches, options) => writer.insert('features', batches, options),

    find: async (params, options) => {
      const operation = 'features.find';
      sql.checkOpen(operation, options);
      const plan = planPage(feature, params, operation, defaults.defaultPageRows);
      const startedAt = performance.now();
      await requireBudget(sql, operation, plan, scanBudgetOf(plan, defaults.scanBudgetRows), options);
      const page = await readItems(sql, operation, plan, options, {
        read: () => read(operation, plan, plan.limit + 1, options),
        countOf: (sets) => sets.length,
        count: `SELECT uniqExact(symbol, timestamp, feature_version) AS count FROM ${feature.table} FINAL`,
      });
      const shown = page.items.slice(0, page.count);
      const last = shown.at(-1);
      return toPage(plan, page, startedAt, shown, last && keyRowOf(last)) as Page<FeatureSet>;
    },

    async *stream(params, options) {
      const operation = 'features.stream';
      sql.checkOpen(operation, options);
      const plan = planStream(feature, params, operation);
      await requireBudget(sql, operation, plan, scanBudgetOf(plan, defaults.scanBudgetRows), options);
      let { after, limit: left = Infinity } = plan;
      while (left > 0) {
        const sets = await read(operation, { ...plan, after }, Math.min(left, plan.batchRows), options);
        if (sets.length > 0) yield sets;
        if (sets.length < plan.batchRows) return;
        left -= sets.length;
        after = rowPosition(plan.order, keyRowOf(sets.at(-1)!));
      }
    },

    async *streamColumns(params, options) {
      sql.checkOpen('features.streamColumns', options);
      yield* reader.streamColumns(params, options) as AsyncGenerator<never>;
    },

    columns: async (params, options) => {
      sql.checkOpen('features.columns', options);
      return (await reader.columns(params, options)) as never;
    },

    latest: async (symbol, options) => {
      const operation = 'features.latest';
      sql.checkOpen(operation, options);
      const key = requireField(feature.fields.symbol, 'symbol', symbol, operation) as string;
      const rows = await sets.find([key], 1, options);
      return rows.length > 0 ? featureSetOf(canonicalRows(rows, feature)) : null;
    },

    latestMany: async (symbols, options) => {
      const operation = 'features.latestMany';
      sql.checkOpen(operation, options);
      const wanted = requireValues(feature.fields.symbol, 'symbols', symbols, operation);
      if (wanted.length === 0) await requireTable(sql, feature, operation, options);
      const keys = wanted.map((symbol) => [symbol]);
      const found = await sets.findMany(keys, 1, operation, options);
      const known = wanted.filter((symbol) => found.has(symbol));
      return new Map(
        known.map((symbol) => [symbol, featureSetOf(canonicalRows(found.get(symbol)!, feature))]),
      );
    },

    latestValue: async (symbol, featureName, options) => {
      const operation = 'features.latestValue';
      sql.checkOpen(operation, options);
      const key = [
        requireField(feature.fields.symbol, 'symbol', symbol, operation) as string,
        requireField(feature.fields.featureName, 'featureName', featureName, operation) as string,
      ];
      const [newest] = await values.find(key, 1, options);
      return newest ? (newest.block.column('feature_value').at(newest.from) as number) : null;
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
