import { columnOf } from '@quantumtrade/dal-domain';
import type { CallOptions, RecordDefinition } from '@quantumtrade/dal-domain';
import type { Sql, SqlParams } from '../connection/sql.js';
import { decodeRow, encodeField, instantOf, selectList, typeOf } from '../codec/sql-columns.js';
import type { BlockKeys } from './block-keys.js';
import { keyText } from './block-keys.js';

/** Text of one bound list at most; the server takes 128 KiB for one parameter, and escaping may double a text. */
const LIST_BYTES = 60_000;

/** The newest version in the table of each key. */
export type StoredVersions = ReadonlyMap<string, bigint>;

/**
 * Finds the keys in the table that may be among these, and their newest versions; each of these that is in the table is
 * among them. Asks by the leading column of the key and the range of time first, which costs next to nothing for rows that
 * are new. Where that finds far more rows than there are here, it asks for the very instants.
 */
export async function existingKeys(
  sql: Sql,
  keys: BlockKeys,
  operation: string,
  options: CallOptions | undefined,
): Promise<StoredVersions> {
  const { definition } = keys;
  const enough = 2 * keys.rowCount + 1_000;
  const within = conditionOf(keys);
  const near = await sql.rows<JsonRow>(
    operation,
    `SELECT ${selectList(definition, definition.key)}, ${version('written_at')} AS version
     FROM ${definition.table} WHERE ${within.where} LIMIT {limit:UInt32}`,
    { ...within.params, limit: enough },
    options,
  );
  if (near.length < enough) return newestOf(definition, near);
  return newestVersions(sql, keys, instantsOf(keys, within), operation, options);
}

/** Whether each of these rows is in the table, or a newer version of it. */
export async function hasRows(
  sql: Sql,
  keys: BlockKeys,
  operation: string,
  options: CallOptions | undefined,
): Promise<boolean> {
  const stored = await newestVersions(sql, keys, instantsOf(keys, conditionOf(keys)), operation, options);
  for (const [key, version] of keys.versions()) if (!(stored.get(key)! >= version)) return false;
  return true;
}

type JsonRow = Readonly<Record<string, unknown>>;

/** A version as text, whatever the precision of the expression. */
const version = (expression: string): string =>
  `toString(reinterpret(toDateTime64(${expression}, 8, 'UTC'), 'Int64'))`;

/** A further query of a call: its block was sent, or looked for already. */
async function newestVersions(
  sql: Sql,
  { definition }: BlockKeys,
  { where, params }: Condition,
  operation: string,
  options: CallOptions | undefined,
): Promise<StoredVersions> {
  const found = await sql.continuing.rows<JsonRow>(
    operation,
    `SELECT ${selectList(definition, definition.key)}, ${version('max(written_at)')} AS version
     FROM ${definition.table} WHERE ${where} GROUP BY ${definition.key.map(columnOf).join(', ')}`,
    params,
    options,
  );
  return newestOf(definition, found);
}

function newestOf(definition: RecordDefinition, found: readonly JsonRow[]): StoredVersions {
  const newest = new Map<string, bigint>();
  for (const json of found) {
    const key = keyOfRow(definition, json);
    const stored = BigInt(json['version'] as string);
    if (!(newest.get(key)! >= stored)) newest.set(key, stored);
  }
  return newest;
}

function keyOfRow(definition: RecordDefinition, json: JsonRow): string {
  const row = decodeRow(definition, json, definition.key);
  return keyText(definition.key.map((name) => row[name]));
}

interface Condition {
  readonly where: string;
  readonly params: SqlParams;
}

function conditionOf({ definition, leads, first, last }: BlockKeys): Condition {
  const lead = definition.key[0]!;
  const field = definition.fields[lead]!;
  const values = Array.from(leads, (value) => encodeField(field, value));
  const list = listed(columnOf(lead), lead, typeOf(field), values);
  return {
    where: `${list.where} AND timestamp >= ${instantOf('first')} AND timestamp <= ${instantOf('last')}`,
    params: { ...list.params, first, last },
  };
}

function instantsOf({ instants }: BlockKeys, within: Condition): Condition {
  const list = listed('toUnixTimestamp64Milli(timestamp)', 'instant', 'Int64', instants);
  return { where: `${within.where} AND ${list.where}`, params: { ...within.params, ...list.params } };
}

/** `expression IN values`, in as many parameters as the values need. */
function listed(expression: string, name: string, type: string, values: Iterable<unknown>): Condition {
  const lists: unknown[][] = [];
  let room = 0;
  for (const value of values) {
    const bytes = Buffer.byteLength(String(value)) + 3;
    if (room < bytes) {
      lists.push([]);
      room = LIST_BYTES;
    }
    lists.at(-1)!.push(value);
    room -= bytes;
  }
  const conditions = lists.map((_, i) => `${expression} IN {${name}${i}:Array(${type})}`);
  return {
    where: `(${conditions.join(' OR ')})`,
    params: Object.fromEntries(lists.map((list, i) => [`${name}${i}`, list])),
  };
}
