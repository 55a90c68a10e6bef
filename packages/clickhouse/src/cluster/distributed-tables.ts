import type { CallOptions } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** A table of the distributed database that is not as the local tables need it. */
export interface OutdatedTable {
  readonly table: string;
  readonly problem: string;
  readonly statement: string;
}

/** Returns the database of the tables that read all shards. */
export const distributedDatabase = (database: string): string => `${database}_distributed`;

const TABLES = `
  SELECT tables.database AS database, tables.name AS name, engine, engine_full AS engineFull, definitions.columns AS columns
  FROM system.tables AS tables
  INNER JOIN (
    SELECT database, table, arrayStringConcat(arrayMap(each -> each.2, arraySort(groupArray((position,
      concat(name, ' ', type, ' ', default_kind, ' ', default_expression))))), ', ') AS columns
    FROM system.columns WHERE database IN ({local:String}, {distributed:String})
    GROUP BY database, table
  ) AS definitions ON definitions.database = tables.database AND definitions.table = tables.name
  WHERE database IN ({local:String}, {distributed:String}) AND NOT startsWith(name, 'schema_')
  ORDER BY name`;

interface FoundTable {
  readonly database: string;
  readonly name: string;
  readonly engine: string;
  readonly engineFull: string;
  readonly columns: string;
}

/**
 * Returns the differences between the tables of a server's database and those that read all shards: one `Distributed` table for each table
 * with rows, with its columns.
 */
export async function outdatedTables(
  sql: Sql,
  cluster: string,
  operation: string,
  options: CallOptions,
): Promise<OutdatedTable[]> {
  const local = sql.database;
  const distributed = distributedDatabase(local);
  const found = await sql.on('system').rows<FoundTable>(operation, TABLES, { local, distributed }, options);
  const stored = found.filter(({ database, engine }) => database === local && engine.endsWith('MergeTree'));
  const reading = new Map(
    found.filter(({ database }) => database === distributed).map((table) => [table.name, table]),
  );
  const wanted = stored.flatMap(({ name, columns }): OutdatedTable[] => {
    const engine = `Distributed(${text(cluster)}, ${text(local)}, ${text(name)})`;
    const table = reading.get(name);
    reading.delete(name);
    if (table?.engineFull === engine && table.columns === columns) return [];
    return [
      {
        table: `${distributed}.${name}`,
        problem: table ? `differs from ${local}.${name}` : 'is missing',
        statement: `CREATE OR REPLACE TABLE ${id(distributed)}.${id(name)} AS ${id(local)}.${id(name)} ENGINE = ${engine}`,
      },
    ];
  });
  const unwanted = [...reading.values()].filter(({ engine }) => engine === 'Distributed');
  return [
    ...wanted,
    ...unwanted.map(({ name }) => ({
      table: `${distributed}.${name}`,
      problem: 'is not expected',
      statement: `DROP TABLE IF EXISTS ${id(distributed)}.${id(name)} SYNC`,
    })),
  ];
}

/**
 * Makes the tables that read all shards anew where they are outdated. Each is replaced at once, and queries that read the old one end with
 * it. Nothing is inserted through them, so they hold no rows.
 */
export async function refreshDistributed(sql: Sql, cluster: string, options: CallOptions): Promise<void> {
  const operation = 'schema.migrate';
  const outdated = await outdatedTables(sql, cluster, operation, options);
  if (outdated.length === 0) return;
  const server = sql.on('system');
  const database = distributedDatabase(sql.database);
  await server.command(
    operation,
    'CREATE DATABASE IF NOT EXISTS {database:Identifier}',
    { database },
    options,
  );
  for (const { statement } of outdated) await server.command(operation, statement, {}, options);
}

const id = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``;
const text = (value: string): string => `'${value.replace(/[\\']/g, '\\$&')}'`;
