import type { CallOptions, SchemaDrift } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** Table, column, index or projection with the properties that migrations determine. */
interface SchemaObject {
  readonly table: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** Objects of one database by the name that a drift shows, such as `column market_data.volume`. */
export type Snapshot = ReadonlyMap<string, SchemaObject>;

const QUERIES = {
  table: `SELECT name AS table, engine_full FROM system.tables WHERE database = {database:String}`,
  column: `SELECT table, name, type, default_kind || ' ' || default_expression AS default,
      if(compression_codec = 'CODEC(Default)', '', compression_codec) AS codec
    FROM system.columns WHERE database = {database:String} ORDER BY table, position`,
  index: `SELECT table, name, type_full AS type, expr AS expression, toString(granularity) AS granularity
    FROM system.data_skipping_indices WHERE database = {database:String}`,
  projection: `SELECT table, name, toString(type) AS type, toString(sorting_key) AS "sorting key", query
    FROM system.projections WHERE database = {database:String}`,
};

type Found = { table: string; name?: string } & Record<string, string>;

/** Reads the objects of a database. */
export async function snapshot(sql: Sql, database: string, options: CallOptions): Promise<Snapshot> {
  const objects = new Map<string, SchemaObject>();
  for (const [kind, query] of Object.entries(QUERIES)) {
    for (const { table, name, ...properties } of await sql.rows<Found>(
      'schema.validate',
      query,
      { database },
      options,
    )) {
      objects.set(name ? `${kind} ${table}.${name}` : `${kind} ${table}`, {
        table,
        properties: properties.engine_full === undefined ? properties : engineClauses(properties.engine_full),
      });
    }
  }
  return objects;
}

const CLAUSE = / (PARTITION BY|PRIMARY KEY|ORDER BY|SAMPLE BY|TTL|SETTINGS) /;

/** Splits `E PARTITION BY p ORDER BY o` into engine E, PARTITION BY p and ORDER BY o. */
export function engineClauses(engine: string): Record<string, string> {
  const [head = '', ...rest] = engine.split(CLAUSE);
  const found: Record<string, string> = { engine: head };
  for (let i = 0; i < rest.length; i += 2) found[rest[i]!] = rest[i + 1]!;
  return found;
}

/**
 * Returns the expected tables with the configured TTLs. A table whose TTL is configured and not applied yet has not drifted, so it is
 * expected to have none.
 */
export function withTtls(expected: Snapshot, actual: Snapshot, ttls: ReadonlyMap<string, string>): Snapshot {
  const objects = new Map(expected);
  for (const [table, ttl] of ttls) {
    const name = `table ${table}`;
    const wanted = objects.get(name);
    if (wanted && actual.get(name)?.properties['TTL'] !== undefined)
      objects.set(name, { table, properties: { ...wanted.properties, TTL: ttl } });
  }
  return objects;
}

/** Returns every difference between expected tables and the actual ones. Other tables are ignored. */
export function compare(expected: Snapshot, actual: Snapshot): SchemaDrift[] {
  const drift: SchemaDrift[] = [];
  const shared = (object: SchemaObject) =>
    expected.has(`table ${object.table}`) && actual.has(`table ${object.table}`);
  for (const [object, wanted] of expected) {
    const found = actual.get(object);
    if (found) drift.push(...differences(object, wanted.properties, found.properties));
    else if (shared(wanted) || object === `table ${wanted.table}`)
      drift.push({ object, problem: 'is missing' });
  }
  for (const [object, found] of actual) {
    if (shared(found) && !expected.has(object)) drift.push({ object, problem: 'is not expected' });
  }
  return [...drift, ...misplacedColumns(expected, actual)];
}

function differences(
  object: string,
  wanted: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
): SchemaDrift[] {
  const names = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return [...names]
    .filter((name) => wanted[name] !== found[name])
    .map((name) => ({
      object,
      problem: `${name} is ${found[name]?.trim() || 'none'}, expected ${wanted[name]?.trim() || 'none'}`,
    }));
}

/** Returns tables whose common columns are in another order: blocks of columns are read by position. */
function misplacedColumns(expected: Snapshot, actual: Snapshot): SchemaDrift[] {
  const order = (one: Snapshot, other: Snapshot, table: string) =>
    [...one.keys()]
      .filter((object) => object.startsWith(`column ${table}.`) && other.has(object))
      .map(columnName)
      .join(', ');
  return [...expected.values()]
    .filter(({ properties }) => properties.engine !== undefined)
    .map(({ table }) => ({
      table,
      wanted: order(expected, actual, table),
      found: order(actual, expected, table),
    }))
    .filter(({ wanted, found }) => wanted !== found)
    .map(({ table, wanted, found }) => ({
      object: `table ${table}`,
      problem: `order of columns is ${found}, expected ${wanted}`,
    }));
}

const columnName = (object: string) => object.slice(object.indexOf('.') + 1);
