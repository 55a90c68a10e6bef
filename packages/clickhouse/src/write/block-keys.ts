import type { CallOptions, Canonical, RecordDefinition, VersionedKey } from '@quantumtrade/dal-domain';
import { columnOf, versionAt } from '@quantumtrade/dal-domain';
import type { KeyedRows } from '../codec/block-columns.js';
import { boundInstant, parameterConverterOf, parameterTypeOf } from '../codec/kinds.js';
import type { ReadTally, Sql, SqlParams } from '../connection/sql.js';
import { isOneOf } from '../query/conditions.js';

/** The newest version in the table of each key. */
export type StoredVersions = ReadonlyMap<string, bigint>;

export const NO_VERSIONS: StoredVersions = new Map();

/** Returns one text for each key of a record, e.g. `["AAPL","1577836800000","vendor"]`. */
const keyText = (values: readonly unknown[]): string => JSON.stringify(values.map(String));

/** Returns the columns that {@link BlockKeys} reads: those of the key in its order, and the version. */
export const keyColumnsOf = (definition: RecordDefinition): readonly string[] =>
  keyLookupOf(definition).columns;

/** The keys and versions of encoded rows. */
export class BlockKeys {
  readonly definition: RecordDefinition;
  readonly rowCount: number;
  /** The values of the key's first field. */
  readonly leads: ReadonlySet<Canonical>;
  readonly first: number;
  readonly last: number;
  /** Whether the rows of every lead come in order of time, no two at one instant; then no key comes twice. */
  readonly ascending: boolean;
  readonly #blocks: readonly KeyedRows[];
  #versions: StoredVersions | undefined;

  constructor(definition: RecordDefinition, blocks: readonly KeyedRows[]) {
    this.definition = definition;
    this.#blocks = blocks;
    const [lead] = keyColumnsOf(definition);
    const newest = new Map<Canonical, number>();
    let rowCount = 0;
    let first = Infinity;
    let last = -Infinity;
    let ascending = true;
    for (const block of blocks) {
      rowCount += block.rowCount;
      const leads = block.column(lead!);
      const times = block.column('timestamp');
      for (let row = 0; row < block.rowCount; row++) {
        const value = leads.at(row) as Canonical;
        const time = times.at(row) as number;
        if (time < first) first = time;
        if (time > last) last = time;
        if (time <= (newest.get(value) ?? -Infinity)) ascending = false;
        newest.set(value, time);
      }
    }
    this.rowCount = rowCount;
    this.leads = new Set(newest.keys());
    this.first = first;
    this.last = last;
    this.ascending = ascending;
  }

  /** Returns whether a row of each has the same key. Costs next to nothing where their leads or times are apart. */
  meets(other: BlockKeys): boolean {
    if (this.first > other.last || other.first > this.last) return false;
    if (isDisjoint(this.leads, other.leads)) return false;
    return !isDisjoint(this.versions(), other.versions());
  }

  /** Returns the instants of the rows, each once. */
  instants(): Set<number> {
    return new Set(Array.from(this.#each(['timestamp']), ([instant]) => instant as number));
  }

  /** Returns the newest version of each key. */
  versions(): StoredVersions {
    return (this.#versions ??= newestOf(this.rows()));
  }

  /** Yields the key and the version of each row. */
  *rows(): Generator<VersionedKey, void, undefined> {
    for (const values of this.#each(keyColumnsOf(this.definition))) {
      const version = values.pop() as bigint | number;
      // Blocks that were encoded before versions were unique have epoch milliseconds.
      yield {
        key: keyText(values),
        version: typeof version === 'number' ? versionAt(version) : version,
      };
    }
  }

  *#each(names: readonly string[]): Generator<Canonical[], void, undefined> {
    for (const block of this.#blocks) {
      const columns = names.map((name) => block.column(name));
      for (let row = 0; row < block.rowCount; row++) {
        yield columns.map((column) => column.at(row) as Canonical);
      }
    }
  }
}

interface Keyed<K> {
  readonly size: number;
  has(key: K): boolean;
  keys(): Iterable<K>;
}

function isDisjoint<K>(a: Keyed<K>, b: Keyed<K>): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  for (const key of few.keys()) if (many.has(key)) return false;
  return true;
}

function newestOf(rows: Iterable<VersionedKey>): Map<string, bigint> {
  const newest = new Map<string, bigint>();
  for (const { key, version } of rows) if (!(newest.get(key)! >= version)) newest.set(key, version);
  return newest;
}

/** How the rows of an insert are counted. */
export interface RowCounts {
  /** Keys that were not stored before. */
  readonly inserted: number;
  /** Rows that are older than what was stored, or came in the batch, before. */
  readonly superseded: number;
}

/** Counts the rows of an insert, given what was stored before it. */
export function countRows(keys: BlockKeys, stored: readonly StoredVersions[]): RowCounts {
  const known: StoredVersions[] = [];
  for (const versions of stored) if (versions.size > 0) known.push(versions);
  if (known.length === 0 && keys.ascending) return { inserted: keys.rowCount, superseded: 0 };
  /** The newest version of each key so far: sets of one batch of features have versions of their own. */
  const newest = new Map<string, bigint>();
  let inserted = 0;
  let superseded = 0;
  for (const { key, version } of keys.rows()) {
    const before = [newest, ...known].map((each) => each.get(key)).filter((each) => each !== undefined);
    if (before.length === 0) inserted++;
    if (before.some((each) => version < each)) superseded++;
    else newest.set(key, version);
  }
  return { inserted, superseded };
}

/** A key by column name, and its version. */
type FoundKey = Readonly<Record<string, unknown>> & { readonly version: bigint };

/** Returns the expression of a version as a whole number, whatever the precision of its column. */
const versionNumber = (expression: string): string =>
  `reinterpret(toDateTime64(${expression}, 8, 'UTC'), 'Int64')`;
const STORED_VERSION = versionNumber('written_at');
const NEWEST_VERSION = versionNumber('max(written_at)');

/**
 * Finds the keys in the table that may be among these, and their newest versions; each of these that is in the table is
 * among them. Queries by the leading column of the key and the range of time first, which costs next to nothing for rows that
 * are new. Where that finds far more rows than there are here, it queries the very instants.
 */
export async function existingKeys(
  sql: Sql,
  keys: BlockKeys,
  operation: string,
  options: CallOptions | undefined,
): Promise<StoredVersions> {
  const { definition } = keys;
  const enough = 2 * keys.rowCount + 1_000;
  const lookup = keyLookupOf(definition);
  const within = conditionOf(keys, lookup);
  const near = await sql.rows<FoundKey>(
    operation,
    `SELECT ${lookup.keyList}, ${STORED_VERSION} AS version
     FROM ${definition.table} WHERE ${within.where} LIMIT {limit:UInt32}`,
    { ...within.params, limit: enough },
    options,
  );
  if (near.length === 0) return NO_VERSIONS;
  if (near.length < enough) return newestFound(definition, near);
  return newestVersions(sql, keys, instantsOf(keys, within), operation, options);
}

/** Returns whether each of these rows is in the table, or a newer version of it. The tally takes the server that was asked. */
export async function hasRows(
  sql: Sql,
  keys: BlockKeys,
  operation: string,
  options: CallOptions | undefined,
  tally: ReadTally,
): Promise<boolean> {
  const within = conditionOf(keys, keyLookupOf(keys.definition));
  const stored = await newestVersions(sql, keys, instantsOf(keys, within), operation, options, tally);
  for (const [key, version] of keys.versions()) if (!(stored.get(key)! >= version)) return false;
  return true;
}

/** The parts of the queries for the keys of one record, computed once. */
interface KeyLookup {
  readonly columns: readonly string[];
  /** The columns of the key, as SQL. */
  readonly keyList: string;
  readonly lead: string;
  readonly leadColumn: string;
  readonly leadType: string;
  /** Undefined for leads that are bound as they are. */
  readonly toLeadParameter: ((value: Canonical) => unknown) | undefined;
  readonly range: string;
}

const keyLookups = new Map<RecordDefinition, KeyLookup>();

function keyLookupOf(definition: RecordDefinition): KeyLookup {
  let lookup = keyLookups.get(definition);
  if (!lookup) {
    const { key, fields } = definition;
    const lead = key[0]!;
    lookup = {
      columns: [...key, 'writtenAt'].map(columnOf),
      keyList: key.map(columnOf).join(', '),
      lead,
      leadColumn: columnOf(lead),
      leadType: parameterTypeOf(fields[lead]!),
      toLeadParameter: parameterConverterOf(fields[lead]!),
      range: `timestamp >= ${boundInstant('first')} AND timestamp <= ${boundInstant('last')}`,
    };
    keyLookups.set(definition, lookup);
  }
  return lookup;
}

/** Queries the versions of rows by their instants, after another query or an insert of the same call. */
async function newestVersions(
  sql: Sql,
  { definition }: BlockKeys,
  { where, params }: Condition,
  operation: string,
  options: CallOptions | undefined,
  tally?: ReadTally,
): Promise<StoredVersions> {
  const { keyList } = keyLookupOf(definition);
  const found = await sql.continuing.rows<FoundKey>(
    operation,
    `SELECT ${keyList}, ${NEWEST_VERSION} AS version
     FROM ${definition.table} WHERE ${where} GROUP BY ${keyList}`,
    params,
    options,
    tally,
  );
  return newestFound(definition, found);
}

function newestFound({ key }: RecordDefinition, found: readonly FoundKey[]): StoredVersions {
  const columns = key.map(columnOf);
  return newestOf(
    found.map((row) => ({ key: keyText(columns.map((column) => row[column])), version: row.version })),
  );
}

interface Condition {
  readonly where: string;
  readonly params: SqlParams;
}

function conditionOf({ leads, first, last }: BlockKeys, lookup: KeyLookup): Condition {
  const { lead, leadColumn, leadType, toLeadParameter, range } = lookup;
  const values = toLeadParameter ? Array.from(leads, toLeadParameter) : leads;
  const list = isOneOf(leadColumn, lead, leadType, values);
  return { where: `${list.condition} AND ${range}`, params: { ...list.params, first, last } };
}

function instantsOf(keys: BlockKeys, within: Condition): Condition {
  const list = isOneOf('toUnixTimestamp64Milli(timestamp)', 'instant', 'Int64', keys.instants());
  return { where: `${within.where} AND ${list.condition}`, params: { ...within.params, ...list.params } };
}
