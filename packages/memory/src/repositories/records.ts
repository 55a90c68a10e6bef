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
  PARTIAL_READ_OPTIONS,
  READ_OPTIONS,
  records,
  reportedEntries,
  requireField,
  requireLimit,
  requireValues,
  toOutputRow,
  withRepeatableStreams,
} from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';
import { toResult } from '../store/memory-store.js';
import { timeOf } from '../store/series.js';
import { memoryFeatures } from './features.js';
import { insertRows } from './insert.js';
import type { KnownOptions } from './reading.js';
import { columnMethods, foundEntries, itemMethods, rowItems } from './reading.js';

const MINUTE_MS = 60_000;
const KNOWN_OPTIONS: KnownOptions = { ofStreams: READ_OPTIONS, ofAnswers: PARTIAL_READ_OPTIONS };

/** Creates the repository of each record. */
export function memoryRecords(store: MemoryStore): RecordRepositories {
  return {
    ...deriveRepositories((name) => recordMethods(store, name)),
    features: withRepeatableStreams(memoryFeatures(store)),
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
  const newestRows = (by: string, limit: number, operation: string) =>
    latestBy(by, operation)
      .toSorted((a, b) => timeOf(b) - timeOf(a))
      .slice(0, limit);
  const newestRow = (by: string, operation: string) => {
    const rows = latestBy(by, operation);
    return rows.find((row) => timeOf(row) === timeOf(rows.at(-1)!));
  };
  const rowById = (id: string, operation: string) =>
    store.rowsWhere(name, definition.identifier!, id, operation).at(-1);
  const valuesOf = (fieldName: string, values: unknown, operation: string) =>
    requireValues(definition.fields[fieldName]!, `${fieldName}s`, values, operation);

  return {
    insert: async (batch, options) => insertRows(store, name, batch, options),

    ...itemMethods(store, name, rowItems(definition), KNOWN_OPTIONS),
    ...columnMethods(store, name, KNOWN_OPTIONS),

    latestRows: async (by, limit, options) => {
      const started = performance.now();
      const operation = enter('latest', options);
      const most = requireLimit(limit, operation);
      return allOf(started, toOutput(newestRows(by, most, operation), options));
    },

    latestRowsMany: async (values, limit, options) => {
      const operation = enter('latestMany', options, PARTIAL_READ_OPTIONS);
      const wanted = valuesOf(definition.latest!.by, values, operation);
      const most = requireLimit(limit, operation);
      store.requireTables(operation, name);
      const found = foundEntries(wanted, (value) => {
        const rows = newestRows(value, most, operation);
        return rows.length > 0 ? toOutput(rows, options) : null;
      });
      return reportedEntries(found, options);
    },

    latestRow: async (by, options) => toOutputOrNull(newestRow(by, enter('latest', options)), options),

    latestRowMany: async (values, options) => {
      const operation = enter('latestMany', options, PARTIAL_READ_OPTIONS);
      const wanted = valuesOf(definition.latest!.by, values, operation);
      store.requireTables(operation, name);
      const found = foundEntries(wanted, (value) => toOutputOrNull(newestRow(value, operation), options));
      return reportedEntries(found, options);
    },

    findById: async (id, options) => toOutputOrNull(rowById(id, enter('findById', options)), options),

    findByIds: async (ids, options) => {
      const operation = enter('findByIds', options);
      const wanted = valuesOf(definition.identifier!, ids, operation);
      store.requireTables(operation, name);
      return foundEntries(wanted, (id) => toOutputOrNull(rowById(id, operation), options));
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
