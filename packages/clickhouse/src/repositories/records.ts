import type {
  RecordDefinition,
  RecordMethods,
  RecordName,
  RecordRepositories,
} from '@quantumtrade/dal-domain';
import { deriveRepositories, records, withRepeatableStreams } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { RecordWriter } from '../write/record-writer.js';
import { dueForEvaluation } from './evaluation.js';
import { featureRepository } from './features.js';
import { RecordLookups } from './lookups.js';
import type { ReadDefaults } from './table-reader.js';
import { TableReader } from './table-reader.js';

/** Creates the repository of each record. */
export function recordRepositories(
  sql: Sql,
  writer: RecordWriter,
  defaults: ReadDefaults,
): RecordRepositories {
  return {
    ...deriveRepositories((name) => recordMethods(sql, writer, defaults, name)),
    features: withRepeatableStreams(featureRepository(sql, writer, defaults)),
  };
}

function recordMethods(
  sql: Sql,
  writer: RecordWriter,
  defaults: ReadDefaults,
  name: RecordName,
): RecordMethods {
  const definition: RecordDefinition = records[name];
  const reader = new TableReader(sql, definition, defaults);
  const { requestTimeoutMs } = defaults;
  const latest = definition.latest && new RecordLookups(sql, definition, 'latest', requestTimeoutMs);
  const byId =
    definition.identifier === undefined
      ? undefined
      : new RecordLookups(sql, definition, 'findById', requestTimeoutMs);
  return {
    insert: writer.insert.bind(writer, name),
    find: async (params, options) => reader.find(params, options),
    stream: (params, options) => reader.stream(params, options),
    streamColumns: (params, options) => reader.streamColumns(params, options),
    columns: async (params, options) => reader.columns(params, options),
    latestRows: async (by, limit, options) => latest!.newestRows(by, limit, options),
    latestRowsMany: async (values, limit, options) => latest!.newestRowsOfMany(values, limit, options),
    latestRow: async (by, options) => latest!.firstRow('latest', by, options),
    latestRowMany: async (values, options) => latest!.firstRows('latestMany', values, options),
    findById: async (id, options) => byId!.firstRow('findById', id, options),
    findByIds: async (ids, options) =>
      (await byId!.firstRows('findByIds', ids, options)) as Map<string, object>,
    dueForEvaluation: async (horizon, now, options) =>
      dueForEvaluation(sql, definition, definition.evaluate!, { horizon, now }, options, requestTimeoutMs),
  };
}
