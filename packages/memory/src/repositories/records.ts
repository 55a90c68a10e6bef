import type {
  QueryResult,
  ReadOptions,
  RecordDefinition,
  RecordMethods,
  RecordName,
  RecordRepositories,
  Row,
} from '@quantumtrade/dal-domain';
import {
  deriveRepositories,
  DUE_OPTIONS,
  planQuery,
  READ_OPTIONS,
  records,
  requireField,
  requireLimit,
  toOutputRow,
} from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';
import { toResult } from '../store/memory-store.js';
import { timeOf } from '../store/series.js';
import { memoryFeatures } from './features.js';
import { insertRows } from './insert.js';

const MINUTE_MS = 60_000;

/** Creates the repository of each record. */
export function memoryRecords(store: MemoryStore): RecordRepositories {
  return {
    ...deriveRepositories((name) => recordMethods(store, name)),
    features: memoryFeatures(store),
  };
}

function recordMethods(store: MemoryStore, name: RecordName): RecordMethods {
  const definition: RecordDefinition = records[name];
  const enter = (method: string, options: ReadOptions<boolean> | undefined, known = READ_OPTIONS) => {
    const operation = `${name}.${method}`;
    store.checkOpen(operation, options, known);
    return operation;
  };
  const toOutput = (rows: readonly Row[], options: ReadOptions<boolean> | undefined): object[] =>
    rows.map((row) => toOutputRow(definition, row, options?.exact ?? false));
  const toOutputOrNull = (row: Row | undefined, options: ReadOptions<boolean> | undefined) =>
    row ? toOutput([row], options)[0]! : null;
  const latestBy = (by: string, operation: string) =>
    store.rowsWhere(name, definition.latest!.by, by, operation);

  return {
    insert: async (batch, options) => insertRows(store, name, batch, options),

    find: async (params, options) => {
      const started = performance.now();
      const operation = enter('find', options);
      const plan = planQuery(definition, params, operation);
      store.requireTables(operation, name);
      const rows = store.tables[name].find(plan);
      return toResult(started, rows.length, toOutput(rows.slice(0, plan.limit), options));
    },

    latestRows: async (by, limit, options) => {
      const started = performance.now();
      const operation = enter('latest', options);
      const most = requireLimit(limit, operation);
      const newestFirst = latestBy(by, operation).toSorted((a, b) => timeOf(b) - timeOf(a));
      return allOf(started, toOutput(newestFirst.slice(0, most), options));
    },

    latestRow: async (by, options) => {
      const rows = latestBy(by, enter('latest', options));
      return toOutputOrNull(
        rows.find((row) => timeOf(row) === timeOf(rows.at(-1)!)),
        options,
      );
    },

    findById: async (id, options) => {
      const operation = enter('findById', options);
      return toOutputOrNull(store.rowsWhere(name, definition.identifier!, id, operation).at(-1), options);
    },

    dueForEvaluation: async (horizon, now, options) => {
      const started = performance.now();
      const operation = enter('dueForEvaluation', options, DUE_OPTIONS);
      const { horizon: horizonField, outcomes } = definition.evaluate!;
      requireField(definition.fields[horizonField]!, 'horizonMinutes', horizon, operation);
      const until = requireField({ kind: 'instant' }, 'now', now, operation) as number;
      const limit = options?.limit === undefined ? undefined : requireLimit(options.limit, operation);
      const evaluated = outcomes as RecordName;
      store.requireTables(operation, name, evaluated);
      const rows = store
        .rowsWhere(name, horizonField, horizon, operation)
        .filter((row) => timeOf(row) + horizon * MINUTE_MS <= until && !store.tables[evaluated].has(row));
      return toResult(started, rows.length, toOutput(rows.slice(0, limit), options));
    },
  };
}

const allOf = <T>(started: number, data: T[]): QueryResult<T> => toResult(started, data.length, data);
