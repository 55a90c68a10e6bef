import type { FeatureRepository, Row, RowOrder } from '@quantumtrade/dal-domain';
import {
  compareCanonical,
  featureSetOf,
  orderFields,
  PARTIAL_STORE_READ_OPTIONS,
  records,
  reportedEntries,
  requireField,
  requireValues,
  rowComparison,
  STORE_READ_OPTIONS,
} from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';
import { timeOf } from '../store/series.js';
import { insertRows } from './insert.js';
import type { KnownOptions, StoredItems } from './reading.js';
import { columnMethods, foundEntries, itemMethods } from './reading.js';

const KNOWN_OPTIONS: KnownOptions = {
  ofStreams: STORE_READ_OPTIONS,
  ofAnswers: PARTIAL_STORE_READ_OPTIONS,
};

export function memoryFeatures(store: MemoryStore): FeatureRepository {
  const latestSet = (symbol: string, operation: string) => {
    const rows = store.rowsWhere('features', 'symbol', symbol, operation);
    const newest = rows.filter((row) => timeOf(row) === timeOf(rows.at(-1)!));
    return groupSets(newest, SET_TIME_ORDER).map(featureSetOf).at(-1) ?? null;
  };
  return {
    insert: async (batches, options) => insertRows(store, 'features', batches, options),

    ...(itemMethods(store, 'features', setItems, KNOWN_OPTIONS) as Pick<
      FeatureRepository,
      'find' | 'stream'
    >),
    ...(columnMethods(store, 'features', KNOWN_OPTIONS) as Pick<
      FeatureRepository,
      'columns' | 'streamColumns'
    >),

    latest: async (symbol, options) => {
      const operation = 'features.latest';
      store.checkOpen(operation, options, STORE_READ_OPTIONS);
      return latestSet(symbol, operation);
    },

    latestMany: async (symbols, options) => {
      const operation = 'features.latestMany';
      store.checkOpen(operation, options, PARTIAL_STORE_READ_OPTIONS);
      const wanted = requireValues(records.features.fields.symbol, 'symbols', symbols, operation);
      store.requireTables(operation, 'features');
      const sets = foundEntries(wanted, (symbol) => latestSet(symbol, operation));
      return reportedEntries(sets, options) as never;
    },

    latestValue: async (symbol, featureName, options) => {
      const operation = 'features.latestValue';
      store.checkOpen(operation, options, STORE_READ_OPTIONS);
      requireField(records.features.fields.symbol, 'symbol', symbol, operation);
      const name = requireField(records.features.fields.featureName, 'featureName', featureName, operation);
      const rows = store.rowsWhere('features', 'symbol', symbol, operation);
      const newest = rows.findLast((row) => row['featureName'] === name);
      return (newest?.['featureValue'] as number | undefined) ?? null;
    },
  };
}

const SET_TIME_ORDER: RowOrder = {
  by: 'time',
  fields: orderFields(records.features, 'time', 'sets'),
  descending: false,
};

const SET_KEY = ['timestamp', 'symbol', 'featureVersion'] as const;

/** Returns the rows of each set by name, the sets in an order. */
function groupSets(rows: readonly Row[], order: RowOrder): Row[][] {
  const compare = rowComparison(order.by === 'none' ? SET_TIME_ORDER : order);
  const inSetOrder = rows.toSorted(
    (a, b) => compare(a, b) || compareCanonical(a['featureName']!, b['featureName']!),
  );
  const sets: Row[][] = [];
  for (const row of inSetOrder) {
    const current = sets.at(-1);
    if (current && SET_KEY.every((name) => current[0]![name] === row[name])) current.push(row);
    else sets.push([row]);
  }
  return sets;
}

/** How sets are read as the items of a page or stream. */
const setItems: StoredItems<Row[]> = {
  fromRows: groupSets,
  keyRow: ([first]) => first!,
  toOutput: (rows) => featureSetOf(rows),
};
