import type { CallOptions, SchemaLoss } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** Data that a statement deletes or changes: a column, or the whole table. */
interface Target {
  readonly table: string;
  readonly column?: string;
  readonly change: string;
  /** Definition that a column is converted to; missing where it is deleted. */
  readonly definition?: string;
}

export interface Stored {
  readonly rows: number;
  readonly bytes: number;
}

/** Returns the stored data that statements on the way down would delete or change. */
export const findLosses = (
  sql: Sql,
  database: string,
  statements: readonly string[],
  options: CallOptions,
): Promise<SchemaLoss[]> => lossesOf(sql, database, statements.flatMap(targetsOf), options);

/**
 * Returns the stored data that statements on the way up would delete. A conversion loses nothing there, and a table that earlier statements
 * made is a copy.
 */
export function findDeletions(
  sql: Sql,
  database: string,
  statements: readonly string[],
  earlier: readonly string[],
  options: CallOptions,
): Promise<SchemaLoss[]> {
  const made = new Set(earlier.flatMap((statement) => MADE.exec(statement)?.slice(1) ?? []));
  const targets = statements
    .flatMap(targetsOf)
    .filter(({ table, definition }) => definition === undefined && !made.has(table));
  return lossesOf(sql, database, targets, options);
}

async function lossesOf(
  sql: Sql,
  database: string,
  targets: readonly Target[],
  options: CallOptions,
): Promise<SchemaLoss[]> {
  const dropped = new Set(targets.filter(({ column }) => column === undefined).map(({ table }) => table));
  const losses: SchemaLoss[] = [];
  for (const { table, column, change } of targets) {
    if (column !== undefined && dropped.has(table)) continue;
    const object = column === undefined ? `table ${table}` : `column ${table}.${column}`;
    if (losses.some((loss) => loss.object === object)) continue;
    const stored = await storedIn(sql, { database, table, column: column ?? '' }, options);
    if (!stored) continue;
    const { rows, bytes } = stored;
    // Small parts keep all columns in one file, without the size of each.
    losses.push({ object, change, rows, bytes: rows > 0 && bytes === 0 ? undefined : bytes });
  }
  return losses;
}

/** Returns the tables that statements drop. */
export function tablesDroppedBy(statements: readonly string[]): string[] {
  const dropped = statements.flatMap(targetsOf).filter(({ column, change }) => !column && change === DROPPED);
  return [...new Set(dropped.map(({ table }) => table))];
}

const DROPPED = 'is dropped';
const NAME = '[`"]?(\\w+)[`"]?';
const TABLE = new RegExp(`^(DROP|TRUNCATE)\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?${NAME}`, 'i');
const ALTER = new RegExp(`^ALTER\\s+TABLE\\s+${NAME}`, 'i');
const NEXT = '(?=,\\s*(?:ADD|CLEAR|COMMENT|DROP|MODIFY|RENAME|UPDATE)\\b|$)';
const COLUMN = new RegExp(
  `\\b(DROP|CLEAR|MODIFY)\\s+COLUMN\\s+(?:IF\\s+EXISTS\\s+)?${NAME}\\s*(.*?)${NEXT}`,
  'gis',
);
const MADE = new RegExp(
  `^(?:CREATE\\s+TABLE\\s+IF\\s+NOT\\s+EXISTS|RENAME\\s+TABLE\\s+.*\\s+TO)\\s+${NAME}`,
  'is',
);
const ROWS = /\b(?:DELETE\s+WHERE|DROP\s+PART(?:ITION)?|UPDATE)\b/i;

/** Returns the data that a statement deletes or converts. */
export function targetsOf(statement: string): Target[] {
  const [, verb, whole] = TABLE.exec(statement) ?? [];
  if (whole !== undefined) return [{ table: whole, change: /^drop$/i.test(verb!) ? DROPPED : 'is emptied' }];
  const [, table] = ALTER.exec(statement) ?? [];
  if (table === undefined) return [];
  const columns = [...statement.matchAll(COLUMN)].map(([, action = '', column = '', type = '']): Target => {
    if (!/^modify$/i.test(action)) return { table, column, change: DROPPED };
    const definition = type.trim();
    return { table, column, change: `is converted to ${definition}`, definition };
  });
  return ROWS.test(statement) ? [{ table, change: 'loses or changes rows' }, ...columns] : columns;
}

/** Returns rows and bytes of the active parts of a table, or of one of its columns; undefined for a missing one. */
export async function storedIn(
  sql: Sql,
  params: { database: string; table: string; column: string },
  options: CallOptions,
): Promise<Stored | undefined> {
  const read = async (query: string) => {
    const rows = await sql.rows<Record<keyof Stored, string>>('schema.preview', query, params, options);
    return rows.map((row): Stored => ({ rows: Number(row.rows), bytes: Number(row.bytes) }));
  };
  if (params.column === '') {
    const [table] = await read(
      `SELECT toString(ifNull(total_rows, 0)) AS rows, toString(ifNull(total_bytes, 0)) AS bytes
       FROM system.tables WHERE database = {database:String} AND name = {table:String}`,
    );
    return table;
  }
  const [column] = await read(
    `SELECT toString(sum(rows)) AS rows, toString(sum(column_bytes_on_disk)) AS bytes FROM system.parts_columns
     WHERE database = {database:String} AND table = {table:String} AND column = {column:String} AND active
     HAVING count() > 0`,
  );
  return column;
}
