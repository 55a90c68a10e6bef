import { columnOf } from '@quantumtrade/dal-domain';
import type { CallOptions, RecordDefinition } from '@quantumtrade/dal-domain';
import type { Sql, SqlParams } from '../client/sql.js';
import { decodeRow, encodeField, instantOf, selectList, typeOf } from '../encoding/columns.js';
import type { BlockKeys } from './block-keys.js';
import { keyText } from './block-keys.js';

/** Text of one bound list at most; the server takes 128 KiB for one parameter, and escaping may double a text. */
const LIST_BYTES = 60_000;

/**
 * The keys in the table that may be among these; each of these that is in the table is among them. Asks by the leading
 * column of the key and the range of time first, which costs next to nothing for rows that are new. Where that finds far
 * more keys than there are rows, it asks for the very instants.
 */
export async function existingKeys(
  sql: Sql,
  keys: BlockKeys,
  operation: string,
  options: CallOptions | undefined,
): Promise<Set<string>> {
  const { definition } = keys;
  const enough = 2 * keys.rowCount + 1_000;
  const within = conditionOf(keys);
  const near = await read(enough, within);
  return near.size < enough ? near : read(undefined, instantsOf(keys, within));

  async function read(limit: number | undefined, { where, params }: Condition): Promise<Set<string>> {
    const found = await sql.rows<JsonRow>(
      operation,
      `SELECT DISTINCT ${selectList(definition, definition.key)} FROM ${definition.table}
       WHERE ${where} ${limit === undefined ? '' : 'LIMIT {limit:UInt32}'}`,
      limit === undefined ? params : { ...params, limit },
      options,
    );
    return new Set(found.map((json) => keyOfRow(definition, json)));
  }
}

/** Whether each of these rows is in the table, or a newer version of it. */
export async function hasRows(
  sql: Sql,
  keys: BlockKeys,
  operation: string,
  options: CallOptions | undefined,
): Promise<boolean> {
  const { definition } = keys;
  const { where, params } = instantsOf(keys, conditionOf(keys));
  const found = await sql.rows<JsonRow>(
    operation,
    `SELECT ${selectList(definition, definition.key)}, toUnixTimestamp64Milli(max(written_at)) AS version
     FROM ${definition.table} WHERE ${where} GROUP BY ${definition.key.map(columnOf).join(', ')}`,
    params,
    options,
  );
  const versions = new Map(found.map((json) => [keyOfRow(definition, json), Number(json['version'])]));
  for (const [key, writtenAt] of keys.versions()) if (!(versions.get(key)! >= writtenAt)) return false;
  return true;
}

type JsonRow = Readonly<Record<string, unknown>>;

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
