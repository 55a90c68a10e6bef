import type { CallOptions } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** Properties of a table by the engine. */
export interface TableSettings {
  readonly name: string;
  readonly engine: string;
  /** Engine with its arguments, clauses and settings. */
  readonly engineFull: string;
  /** Columns and expressions of the key, separated by commas. */
  readonly sortingKey: string;
  readonly partitionKey: string;
}

/** Values of settings by name, as text. Settings that the engine's version lacks are missing. */
export type SettingValues = Readonly<Record<string, string>>;

/** Settings that determine the guarantees of a database's tables. */
export interface DatabaseSettings {
  readonly tables: ReadonlyMap<string, TableSettings>;
  /** Values for tables without a value of their own. */
  readonly tableDefaults: SettingValues;
  readonly replicatedTableDefaults: SettingValues;
  /** Values in force for requests of this data layer, whatever the user's profile says. */
  readonly session: SettingValues;
}

const TABLE_SETTINGS = [
  'fsync_after_insert',
  'fsync_part_directory',
  'non_replicated_deduplication_window',
  'replicated_deduplication_window',
  'replicated_deduplication_window_seconds',
];
const SESSION_SETTINGS = ['async_insert', 'wait_for_async_insert', 'deduplicate_insert', 'insert_quorum'];

const OPERATION = 'guarantees.inspect';

export async function readDatabaseSettings(sql: Sql, options: CallOptions = {}): Promise<DatabaseSettings> {
  // A health check must not wait behind the calls that it reports on.
  const server = sql.on('system').continuing;
  const [tables, settings] = await Promise.all([
    server.rows<TableSettings>(
      OPERATION,
      `SELECT name, engine, engine_full AS engineFull, sorting_key AS sortingKey, partition_key AS partitionKey
       FROM tables WHERE database = {database:String}`,
      { database: sql.database },
      options,
    ),
    server.rows<{ of: 'table' | 'replicated table' | 'session'; name: string; value: string }>(
      OPERATION,
      `SELECT 'table' AS of, name, value FROM merge_tree_settings WHERE name IN {ofTables:Array(String)}
       UNION ALL SELECT 'replicated table', name, value FROM replicated_merge_tree_settings
         WHERE name IN {ofTables:Array(String)}
       UNION ALL SELECT 'session', name, value FROM settings WHERE name IN {ofSession:Array(String)}`,
      { ofTables: TABLE_SETTINGS, ofSession: SESSION_SETTINGS },
      options,
    ),
  ]);
  const settingsOf = (of: (typeof settings)[number]['of']): SettingValues =>
    Object.fromEntries(settings.filter((one) => one.of === of).map(({ name, value }) => [name, value]));
  return {
    tables: new Map(tables.map((table) => [table.name, table])),
    tableDefaults: settingsOf('table'),
    replicatedTableDefaults: settingsOf('replicated table'),
    session: settingsOf('session'),
  };
}
