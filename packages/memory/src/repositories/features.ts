import type { FeatureRepository, Row } from '@quantumtrade/dal-domain';
import { compareCanonical, featureSetOf, planQuery, records, requireField } from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';
import { toResult } from '../store/memory-store.js';
import { timeOf } from '../store/series.js';
import { insertRows } from './insert.js';

export function memoryFeatures(store: MemoryStore): FeatureRepository {
  return {
    insert: async (batches, options) => insertRows(store, 'features', batches, options),

    find: async (params, options) => {
      const started = performance.now();
      const operation = 'features.find';
      store.checkOpen(operation, options);
      const plan = planQuery(records.features, params, operation);
      store.requireTables(operation, 'features');
      const sets = groupSets(store.tables.features.find(plan));
      return toResult(started, sets.length, sets.slice(0, plan.limit).map(featureSetOf));
    },

    latest: async (symbol, options) => {
      const operation = 'features.latest';
      store.checkOpen(operation, options);
      const rows = store.rowsWhere('features', 'symbol', symbol, operation);
      const newest = rows.filter((row) => timeOf(row) === timeOf(rows.at(-1)!));
      return groupSets(newest).map(featureSetOf).at(-1) ?? null;
    },

    latestValue: async (symbol, featureName, options) => {
      const operation = 'features.latestValue';
      store.checkOpen(operation, options);
      requireField(records.features.fields.symbol, 'symbol', symbol, operation);
      const name = requireField(records.features.fields.featureName, 'featureName', featureName, operation);
      const rows = store.rowsWhere('features', 'symbol', symbol, operation);
      const newest = rows.findLast((row) => row['featureName'] === name);
      return (newest?.['featureValue'] as number | undefined) ?? null;
    },
  };
}

const SET_KEY = ['timestamp', 'symbol', 'featureVersion'] as const;

/** The rows of each set by name, the sets by timestamp, symbol and version. */
function groupSets(rows: readonly Row[]): Row[][] {
  const inSetOrder = rows.toSorted((a, b) => {
    for (const name of [...SET_KEY, 'featureName']) {
      const order = compareCanonical(a[name]!, b[name]!);
      if (order !== 0) return order;
    }
    return 0;
  });
  const sets: Row[][] = [];
  for (const row of inSetOrder) {
    const current = sets.at(-1);
    if (current && SET_KEY.every((name) => current[0]![name] === row[name])) current.push(row);
    else sets.push([row]);
  }
  return sets;
}
