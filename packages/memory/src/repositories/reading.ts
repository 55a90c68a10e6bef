import type {
  CallOptions,
  QueryPlan,
  ReadOptions,
  RecordDefinition,
  RecordMethods,
  RecordName,
  Row,
  RowOrder,
  StreamPlan,
} from '@quantumtrade/dal-domain';
import {
  columnsOfRows,
  comparePositions,
  endOfPage,
  needsCount,
  planColumns,
  planColumnStream,
  planPage,
  planStream,
  reported,
  rowPosition,
  READ_OPTIONS,
  records,
  requireScanBudget,
  scanBudgetOf,
  shardsOfEarlierPages,
  toOutputRow,
} from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';

/** How the items of a page or stream are made of rows: each is a row, or a set of rows. */
export interface StoredItems<T> {
  /** Returns the items of rows that are in this order. */
  fromRows(rows: Row[], order: RowOrder): T[];
  /** Returns a row with the values on which an item's position depends. */
  keyRow(item: T): Row;
  toOutput(item: T, plan: QueryPlan, exact: boolean): object;
}

/** Items that are rows. */
export const rowItems = (definition: RecordDefinition): StoredItems<Row> => ({
  fromRows: (rows) => rows,
  keyRow: (row) => row,
  toOutput: (row, plan, exact) => toOutputRow(definition, row, exact, plan),
});

/** Keys of the options that the reads of a record take. */
export interface KnownOptions {
  readonly ofStreams: readonly string[];
  readonly ofAnswers: readonly string[];
}

/** Returns the methods that read items of a record. */
export function itemMethods<T>(
  store: MemoryStore,
  name: RecordName,
  { fromRows, keyRow, toOutput }: StoredItems<T>,
  known: KnownOptions,
): Pick<RecordMethods, 'find' | 'stream'> {
  const definition: RecordDefinition = records[name];
  const read = (plan: QueryPlan, operation: string) =>
    fromRows(rowsOf(store, plan, scanBudgetOf(plan, store.limits.scanBudgetRows), operation), plan.order);
  return {
    find: async (params, options) => {
      const started = performance.now();
      const operation = `${name}.find`;
      store.checkOpen(operation, options, known.ofAnswers);
      const missingShards = options?.missingShards;
      const plan = planPage(definition, params, operation, store.limits.defaultPageRows, missingShards);
      store.requireTables(operation, name);
      const { after, limit, order } = plan;
      const matching = read(plan, operation);
      const following = after
        ? matching.filter((item) => comparePositions(order, rowPosition(order, keyRow(item)), after) > 0)
        : matching;
      const shown = following.slice(0, limit);
      const hasMore = following.length > shown.length;
      const last = shown.at(-1);
      const isWhole = !hasMore && after === undefined;
      const missing = shardsOfEarlierPages(plan);
      const isCounted = missing.length === 0 && (isWhole || needsCount(plan, hasMore));
      const page = {
        data: shown.map((item) => toOutput(item, plan, options?.exact ?? false)),
        totalCount: isCounted ? matching.length : null,
        ...endOfPage(plan, hasMore, last && rowPosition(order, keyRow(last)), missing),
        executionTimeMs: performance.now() - started,
        cacheHit: false,
      };
      return reported(page, options, missing);
    },

    async *stream(params, options) {
      const operation = `${name}.stream`;
      store.checkOpen(operation, options, known.ofStreams);
      const plan = planStream(definition, params, operation);
      store.requireTables(operation, name);
      for (const batch of batches(store, read(plan, operation), plan, { operation, options })) {
        yield batch.map((item) => toOutput(item, plan, options?.exact ?? false));
      }
    },
  };
}

/** Returns the methods that read columns of a record. */
export function columnMethods(
  store: MemoryStore,
  name: RecordName,
  known: KnownOptions,
): Pick<RecordMethods, 'columns' | 'streamColumns'> {
  const definition: RecordDefinition = records[name];
  const toColumns = (rows: readonly Row[], { select }: QueryPlan, options?: ReadOptions<boolean>) =>
    columnsOfRows(definition, select, rows, options?.exact ?? false);
  return {
    columns: async (params, options) => {
      const operation = `${name}.columns`;
      store.checkOpen(operation, options, known.ofAnswers);
      const plan = planColumns(definition, params, operation);
      store.requireTables(operation, name);
      const budget = plan.maxScanRows ?? store.limits.scanBudgetRows;
      const rows = rowsOf(store, plan, budget, operation).slice(0, plan.limit);
      return reported(toColumns(rows, plan, options), options);
    },

    async *streamColumns(params, options) {
      const operation = `${name}.streamColumns`;
      store.checkOpen(operation, options, known.ofStreams);
      const plan = planColumnStream(definition, params, operation);
      store.requireTables(operation, name);
      const budget = scanBudgetOf(plan, store.limits.scanBudgetRows);
      const rows = rowsOf(store, plan, budget, operation);
      for (const batch of batches(store, rows, plan, { operation, options })) {
        yield toColumns(batch, plan, options);
      }
    },
  };
}
/** Returns the matching rows in the order of the plan; its limit is left to the caller. */
function rowsOf(store: MemoryStore, plan: QueryPlan, budget: number | undefined, operation: string): Row[] {
  const table = store.tables[plan.definition.name as RecordName];
  return table.find(plan, plan.order, (scanned) => requireScanBudget(scanned, budget, operation));
}

/** Yields the items up to the limit in batches. Before each of them, it checks as a call does at its beginning. */
function* batches<T>(
  store: MemoryStore,
  items: readonly T[],
  { limit = items.length, batchRows }: StreamPlan,
  { operation, options }: { operation: string; options: CallOptions | undefined },
): Generator<T[]> {
  const end = Math.min(limit, items.length);
  for (let start = 0; start < end; start += batchRows) {
    store.checkOpen(operation, options, READ_OPTIONS);
    yield items.slice(start, Math.min(start + batchRows, end));
  }
}

/** Returns what a function returns for each of the keys, in their order, without keys for which it returns null. */
export function foundEntries<T>(keys: readonly string[], valueOf: (key: string) => T | null): Map<string, T> {
  const entries = keys.map((key) => [key, valueOf(key)] as const);
  return new Map(entries.filter((entry): entry is [string, T] => entry[1] !== null));
}
