import type {
  ReadOptions,
  RecordDefinition,
  RecordMethods,
  RecordName,
  RecordRepositories,
} from '@quantumtrade/dal-domain';
import {
  deriveRepositories,
  READ_OPTIONS,
  records,
  requireLimit,
  requireValues,
} from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { RecordWriter } from '../write/record-writer.js';
import { entriesOf } from './entries.js';
import { dueForEvaluation } from './evaluation.js';
import { featureRepository } from './features.js';
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
    features: featureRepository(sql, writer, defaults),
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
  const enterMany = (
    method: string,
    fieldName: string,
    values: unknown,
    options: ReadOptions<boolean> | undefined,
  ) => {
    const operation = `${name}.${method}`;
    sql.checkOpen(operation, options, READ_OPTIONS);
    return requireValues(definition.fields[fieldName]!, `${fieldName}s`, values, operation);
  };
  return {
    insert: writer.insert.bind(writer, name),
    find: async (params, options) => reader.find(params, options),
    stream: (params, options) => reader.stream(params, options),
    streamColumns: (params, options) => reader.streamColumns(params, options),
    columns: async (params, options) => reader.columns(params, options),
    latestRows: async (by, limit, options) => reader.latest(definition.latest!.by, by, limit, options),
    latestRowsMany: async (values, limit, options) => {
      const wanted = enterMany('latestMany', definition.latest!.by, values, options);
      requireLimit(limit, `${name}.latestMany`);
      await reader.requireTable('latestMany', options);
      return entriesOf(wanted, async (value) => {
        const { data } = await reader.latest(definition.latest!.by, value, limit, options);
        return data.length > 0 ? data : null;
      });
    },
    latestRow: async (by, options) =>
      (await reader.latest(definition.latest!.by, by, 1, options)).data[0] ?? null,
    latestRowMany: async (values, options) => {
      const wanted = enterMany('latestMany', definition.latest!.by, values, options);
      await reader.requireTable('latestMany', options);
      return entriesOf(
        wanted,
        async (value) => (await reader.latest(definition.latest!.by, value, 1, options)).data[0] ?? null,
      );
    },
    findById: async (id, options) => reader.findById(definition.identifier!, id, options),
    findByIds: async (ids, options) => {
      const wanted = enterMany('findByIds', definition.identifier!, ids, options);
      await reader.requireTable('findByIds', options);
      return entriesOf(wanted, (id) => reader.findById(definition.identifier!, id, options));
    },
    dueForEvaluation: async (horizon, now, options) =>
      dueForEvaluation(sql, reader, definition.evaluate!, { horizon, now }, options),
  };
}
