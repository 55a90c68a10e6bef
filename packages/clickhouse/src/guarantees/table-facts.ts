import type { CallOptions } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** How the engine describes a table. */
export interface TableFacts {
  readonly name: string;
  readonly engine: string;
  /** With its arguments, clauses and settings. */
  readonly engineFull: string;
  /** Columns and expressions, separated by commas. */
  readonly sortingKey: string;
  readonly partitionKey: string;
}

/** Settings by name, as text; those that this version of the engine does not have are missing. */
export type Settings = Readonly<Record<string, string>>;

/** Everything that the guarantees of a database's tables follow from. */
export interface DatabaseFacts {
  readonly tables: ReadonlyMap<string, TableFacts>;
  /** What tables have that say nothing themselves. */
  readonly tableDefaults: Settings;
  readonly replicatedTableDefaults: Settings;
  /** What is in force for requests of this data layer, whatever the user's profile says. */
  readonly session: Settings;
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

export async function databaseFacts(sql: Sql, options: CallOptions = {}): Promise<DatabaseFacts> {
  // Health asks for it, and must not wait behind the calls whose state it tells.
  const server = sql.on('system').continuing;
  const [tables, settings] = await Promise.all([
    server.rows<TableFacts>(
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
  const settingsOf = (of: (typeof settings)[number]['of']): Settings =>
    Object.fromEntries(settings.filter((one) => one.of === of).map(({ name, value }) => [name, value]));
  return {
    tables: new Map(tables.map((table) => [table.name, table])),
    tableDefaults: settingsOf('table'),
    replicatedTableDefaults: settingsOf('replicated table'),
    session: settingsOf('session'),
  };
}
