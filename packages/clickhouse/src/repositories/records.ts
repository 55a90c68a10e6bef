import type {
  RecordDefinition,
  RecordMethods,
  RecordName,
  RecordRepositories,
} from '@quantumtrade/dal-domain';
import { deriveRepositories, records } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { RecordWriter } from '../write/record-writer.js';
import { dueForEvaluation } from './evaluation.js';
import { featureRepository } from './features.js';
import { TableReader } from './table-reader.js';

/** Creates the repository of each record. */
export function recordRepositories(sql: Sql, writer: RecordWriter): RecordRepositories {
  return {
    ...deriveRepositories((name) => recordMethods(sql, writer, name)),
    features: featureRepository(sql, writer),
  };
}

function recordMethods(sql: Sql, writer: RecordWriter, name: RecordName): RecordMethods {
  const definition: RecordDefinition = records[name];
  const reader = new TableReader(sql, definition);
  return {
    insert: writer.insert.bind(writer, name),
    find: async (params, options) => reader.find(params, options),
    latestRows: async (by, limit, options) => reader.latest(definition.latest!.by, by, limit, options),
    latestRow: async (by, options) =>
      (await reader.latest(definition.latest!.by, by, 1, options)).data[0] ?? null,
    findById: async (id, options) => reader.findById(definition.identifier!, id, options),
    dueForEvaluation: async (horizon, now, options) =>
      dueForEvaluation(sql, reader, definition.evaluate!, { horizon, now }, options),
  };
}
