import type { FeatureRepository, FeatureSet, Row } from '@quantumtrade/dal-domain';
import {
  allowsMissing,
  feature,
  featureSetOf,
  PARTIAL_STORE_READ_OPTIONS,
  planPage,
  planStream,
  reported,
  reportedEntries,
  requireField,
  requireValues,
  scanBudgetOf,
  shardsOfEarlierPages,
  STORE_READ_OPTIONS,
} from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import { shardsNear, sqlNear } from '../cluster/sql-near.js';
import { planSets, planSetsAgain } from '../query/plan-sets.js';
import { readItems, toPage } from './item-page.js';
import { readShardPages } from './shard-pages.js';
import type { ReadDefaults } from './table-reader.js';
import { TableReader } from './table-reader.js';
import { withinBudget } from './scan-estimate.js';
import { canonicalRows } from '../read/block-rows.js';
import { readAgain, runRetried } from '../read/retried-reads.js';
import { LatestLookups } from '../read/latest-lookups.js';
import { ShardLookups } from '../read/shard-lookups.js';
import { requireTable } from './require-table.js';
import type { RecordWriter } from '../write/record-writer.js';

/** One feature of a set in an answer. */
type FeatureTuple = [name: string, value: number, metadata: string, calculationTimeMs: number];

/** Returns the values on which a set's position depends. */
const keyRowOf = ({ symbol, timestamp, version }: FeatureSet): Row => ({
  symbol,
  timestamp: timestamp.getTime(),
  featureVersion: version,
});

export function featureRepository(sql: Sql, writer: RecordWriter, defaults: ReadDefaults): FeatureRepository {
  const reader = new TableReader(sql, feature, defaults);
  const sets = new ShardLookups(sql, {
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
      sql.checkOpen(operation, options, PARTIAL_STORE_READ_OPTIONS);
      const plan = planPage(feature, params, operation, defaults.defaultPageRows, options?.missingShards);
      const startedAt = performance.now();
      const budget = scanBudgetOf(plan, defaults.scanBudgetRows);
      const setRead = { plan, limit: plan.limit + 1, budget };
      const query = planSets(setRead);
      const read = (near: Sql) =>
        runRetried(
          { operation, options, timeoutMs: defaults.requestTimeoutMs },
          () => near.collect(operation, query.sql, query.params, options, setsOf, query.settings),
          (shortage, rest) => readAgain(near, operation, setRead, planSetsAgain, shortage, rest, setsOf),
        );
      const readPage = (near: Sql) =>
        withinBudget(near, operation, plan, budget, options, () =>
          readItems(near, operation, plan, options, {
            read: async () => (await read(near)).flat(),
            countOf: (found) => found.length,
            count: `SELECT uniqExact(symbol, timestamp, feature_version) AS count FROM ${feature.table} FINAL`,
            timeoutMs: defaults.requestTimeoutMs,
          }),
        );
      const shards = allowsMissing(options) ? shardsNear(sql, plan) : undefined;
      const page = shards
        ? await readShardPages(shards, plan, keyRowOf, (shard) => readPage(sql.shard(shard)))
        : { ...(await readPage(sqlNear(sql, plan))), missing: shardsOfEarlierPages(plan) };
      const shown = page.items.slice(0, page.count);
      const last = shown.at(-1);
      const answer = toPage(plan, page, startedAt, shown, last && keyRowOf(last), page.missing);
      return reported(answer, options, page.missing) as never;
    },

    async *stream(params, options) {
      const operation = 'features.stream';
      sql.checkOpen(operation, options, STORE_READ_OPTIONS);
      const plan = planStream(feature, params, operation);
      const budget = scanBudgetOf(plan, defaults.scanBudgetRows);
      const query = planSets({ plan, limit: plan.limit, budget });
      for await (const { block, from, to } of reader.batches(operation, plan, query, budget, options)) {
        yield setsOf(block, from, to);
      }
    },

    async *streamColumns(params, options) {
      sql.checkOpen('features.streamColumns', options, STORE_READ_OPTIONS);
      yield* reader.streamColumns(params, options) as AsyncGenerator<never>;
    },

    columns: async (params, options) => {
      sql.checkOpen('features.columns', options, PARTIAL_STORE_READ_OPTIONS);
      return (await reader.columns(params, options)) as never;
    },

    latest: async (symbol, options) => {
      const operation = 'features.latest';
      sql.checkOpen(operation, options, STORE_READ_OPTIONS);
      const key = requireField(feature.fields.symbol, 'symbol', symbol, operation) as string;
      const rows = await sets.find([key], 1, options);
      return rows ? featureSetOf(canonicalRows(rows, feature)) : null;
    },

    latestMany: async (symbols, options) => {
      const operation = 'features.latestMany';
      sql.checkOpen(operation, options, PARTIAL_STORE_READ_OPTIONS);
      const wanted = requireValues(feature.fields.symbol, 'symbols', symbols, operation);
      if (wanted.length === 0) await requireTable(sql, feature, operation, options);
      const { found, missing } = await sets.findEach(wanted, 1, operation, options);
      const known = wanted.filter((symbol) => found.has(symbol));
      const entries = known.map(
        (symbol) => [symbol, featureSetOf(canonicalRows(found.get(symbol)!, feature))] as const,
      );
      return reportedEntries(new Map(entries), options, missing) as never;
    },

    latestValue: async (symbol, featureName, options) => {
      const operation = 'features.latestValue';
      sql.checkOpen(operation, options, STORE_READ_OPTIONS);
      const key = [
        requireField(feature.fields.symbol, 'symbol', symbol, operation) as string,
        requireField(feature.fields.featureName, 'featureName', featureName, operation) as string,
      ];
      const [newest] = (await values.find(key, 1, options)) ?? [];
      return newest ? (newest.block.column('feature_value').at(newest.from) as number) : null;
    },
  };
}

/** Returns the sets in the rows `from` up to `to` of a block. */
function setsOf(block: DecodedBlock, from = 0, to = block.rowCount): FeatureSet[] {
  return Array.from({ length: to - from }, (_, i) => setOf(block, from + i));
}

function setOf(block: DecodedBlock, row: number): FeatureSet {
  const key = {
    symbol: block.column('symbol').at(row) as string,
    timestamp: block.column('timestamp').at(row) as number,
    featureVersion: block.column('feature_version').at(row) as number,
  };
  const features = block.column('features').at(row) as FeatureTuple[];
  return featureSetOf(
    features.map(([featureName, featureValue, featureMetadata, calculationTimeMs]): Row => ({
      ...key,
      featureName,
      featureValue,
      featureMetadata,
      calculationTimeMs,
    })),
  );
}
