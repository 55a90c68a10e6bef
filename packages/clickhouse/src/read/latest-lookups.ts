import type { RecordDefinition, StoreReadOptions } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import { shardFieldOf } from '../cluster/shard-layout.js';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { Sql } from '../connection/sql.js';
import { divided } from '../query/conditions.js';
import type { LatestPlan } from '../query/latest-query.js';
import type { LatestQueries } from '../query/plan-latest.js';
import { planLatest } from '../query/plan-latest.js';
import type { BlockRows } from './block-rows.js';
import { totalRowsOf } from './block-rows.js';
import { LatestHints } from './latest-hints.js';
import { LookupBatcher } from './lookup-batcher.js';

/** Values of the fields that rows are looked up by, e.g. `['AAPL']`. */
export type LookupKey = readonly string[];

export interface LatestLookupsOptions extends Pick<
  LatestPlan,
  'definition' | 'by' | 'thenBy' | 'areSets' | 'isIdentifier'
> {
  /** Name of the operation, e.g. `marketData.latest`. */
  readonly operation: string;
  /** Time limit of a lookup without a deadline. */
  readonly timeoutMs: number;
}

/** Keys of one query. More of them are looked up by several queries. */
const MAX_KEYS = 1_000;
/** Bytes of a bound list of keys at most. The server takes 128 KiB for one parameter. */
const MAX_LIST_BYTES = 120_000;
/** Numbers of rows for which lookups and hints are kept. */
const MAX_LIMITS = 32;

/** Looks up the newest rows of keys, those of concurrent callers in one query. */
export class LatestLookups {
  readonly #sql: Sql;
  readonly #options: LatestLookupsOptions;
  /** By the number of rows. */
  readonly #byLimit = new Map<number, LimitedLookups>();

  constructor(sql: Sql, options: LatestLookupsOptions) {
    this.#sql = sql;
    this.#options = options;
  }

  /**
   * Returns the newest rows of a key, in order; undefined when it has none. Callers of one key share the rows. A lookup that must see a
   * write is made alone.
   */
  find(
    key: LookupKey,
    limit: number,
    options: StoreReadOptions | undefined,
  ): Promise<readonly BlockRows[] | undefined> {
    const lookups = this.#limitedTo(limit);
    if (options?.readAfter === undefined) return lookups.batcher.find(key, options);
    const text = textOfKey(key);
    const found = lookups.findMany(new Map([[text, key]]), this.#options.operation, options);
    return found.then((rows) => rows.get(text));
  }

  /** Returns the newest rows of many keys by the text of the key. Keys without rows are missing. */
  async findMany(
    keys: readonly LookupKey[],
    limit: number,
    operation: string,
    options: StoreReadOptions | undefined,
  ): Promise<ReadonlyMap<string, readonly BlockRows[]>> {
    const lookups = this.#limitedTo(limit);
    const found = new Map<string, readonly BlockRows[]>();
    for (let start = 0; start < keys.length; start += MAX_KEYS) {
      const some = new Map(keys.slice(start, start + MAX_KEYS).map((key) => [textOfKey(key), key]));
      const rows = await lookups.findMany(some, operation, options);
      for (const [text, rowsOfKey] of rows) found.set(text, rowsOfKey);
    }
    return found;
  }

  #limitedTo(limit: number): LimitedLookups {
    let lookups = this.#byLimit.get(limit);
    if (!lookups) {
      if (this.#byLimit.size >= MAX_LIMITS) this.#byLimit.clear();
      lookups = new LimitedLookups(this.#sql, this.#options, limit);
      this.#byLimit.set(limit, lookups);
    }
    return lookups;
  }
}

/** Returns the text of a key. */
export const textOfKey = (key: LookupKey): string => key.join('\0');

type Keys = ReadonlyMap<string, LookupKey>;

/** A lookup of some keys. */
interface Lookup {
  readonly operation: string;
  readonly options: StoreReadOptions | undefined;
  /** Rows that were found so far, by the text of their key. */
  readonly found: Map<string, BlockRows[]>;
}

/** Lookups of one number of rows for each key. */
class LimitedLookups {
  readonly batcher: LookupBatcher<LookupKey, readonly BlockRows[]>;
  readonly #sql: Sql;
  readonly #options: LatestLookupsOptions;
  readonly #limit: number;
  readonly #hints = new LatestHints();
  readonly #queries: LatestQueries;
  /** Columns that have the values of a key. */
  readonly #keyColumns: readonly string[];
  /** Whether the first value of a key decides on its shard. */
  readonly #leadsToShard: boolean;

  constructor(sql: Sql, options: LatestLookupsOptions, limit: number) {
    const { operation, timeoutMs } = options;
    this.#sql = sql;
    this.#options = options;
    this.#limit = limit;
    this.#queries = planLatest({ ...options, limit });
    this.#keyColumns = options.by.map(columnOf);
    this.#leadsToShard = options.by[0] === shardFieldOf(options.definition);
    this.batcher = new LookupBatcher((keys, callOptions) => this.findMany(keys, operation, callOptions), {
      textOf: textOfKey,
      operation,
      timeoutMs,
      maxKeys: MAX_KEYS,
    });
  }

  /** Returns the newest rows of keys by the text of the key. */
  async findMany(
    keys: Keys,
    operation: string,
    options: StoreReadOptions | undefined,
  ): Promise<ReadonlyMap<string, readonly BlockRows[]>> {
    const lookup: Lookup = { operation, options, found: new Map() };
    const { found } = lookup;
    if (this.#options.isIdentifier) {
      await this.#read(this.#sql, keys, undefined, lookup);
      return found;
    }
    const groups = this.#hints.divide(keys);
    await Promise.all(groups.map(({ keys: some, since }) => this.#read(this.#sql, some, since, lookup)));
    const missed = new Map<string, LookupKey>();
    for (const { keys: some, since } of groups) {
      if (since === undefined) continue;
      for (const [text, key] of some) if (!this.#isComplete(found.get(text))) missed.set(text, key);
    }
    if (missed.size > 0) {
      for (const text of missed.keys()) found.delete(text);
      await this.#read(this.#sql.continuing, missed, undefined, lookup);
    }
    for (const text of keys.keys()) {
      const rows = found.get(text);
      this.#hints.learn(text, this.#isComplete(rows) ? lastInstantOf(rows!) : undefined);
    }
    return found;
  }

  /** Whether no older row can be missing. */
  #isComplete(rows: readonly BlockRows[] | undefined): boolean {
    return rows !== undefined && (this.#options.areSets || totalRowsOf(rows) === this.#limit);
  }

  /**
   * Adds the rows of keys to those that were found, by several queries where the list of keys is too long for one, and where keys are on
   * several shards.
   */
  #read(sql: Sql, keys: Keys, since: number | undefined, lookup: Lookup): Promise<unknown> {
    if (keys.size === 1 && sql.shards.length === 1)
      return this.#query(sql, [...keys.values()], since, lookup);
    const range = { start: since };
    const nearby = new Map<Sql, LookupKey[]>();
    for (const key of keys.values()) {
      const near = this.#leadsToShard ? sql.near([key[0]!], range) : sql;
      const some = nearby.get(near);
      if (some) some.push(key);
      else nearby.set(near, [key]);
    }
    const queries = Array.from(nearby, ([near, some]) =>
      divided(some, bytesOfKey, MAX_LIST_BYTES).map((list) => this.#query(near, list, since, lookup)),
    );
    return Promise.all(queries.flat());
  }

  async #query(
    sql: Sql,
    keys: readonly LookupKey[],
    since: number | undefined,
    { operation, options, found }: Lookup,
  ): Promise<void> {
    const { by } = this.#options;
    const [first] = keys;
    const isMany = keys.length > 1;
    const bound: Record<string, unknown> = since === undefined ? {} : { since };
    for (let i = 0; i < by.length; i++) bound[`key${i}`] = isMany ? keys.map((key) => key[i]!) : first![i]!;
    const { plain, hinted } = isMany ? this.#queries.many : this.#queries.one;
    const { sql: text, params, settings } = since === undefined ? plain : hinted;
    const rows = await sql.collect(operation, text, { ...params, ...bound }, options, allRowsOf, settings);
    if (isMany) for (const { block } of rows) this.#addRows(block, found);
    else if (rows.length > 0) found.set(textOfKey(first!), rows);
  }

  /** Adds the rows of a block to those of their keys. */
  #addRows(block: DecodedBlock, found: Lookup['found']): void {
    const columns = this.#keyColumns.map((name) => block.column(name));
    for (let row = 0; row < block.rowCount; row++) {
      const text = columns.map((column) => column.at(row)).join('\0');
      const rows = found.get(text);
      const last = rows?.at(-1);
      if (last?.block === block && last.to === row) rows![rows!.length - 1] = { ...last, to: row + 1 };
      else if (rows) rows.push({ block, from: row, to: row + 1 });
      else found.set(text, [{ block, from: row, to: row + 1 }]);
    }
  }
}

const allRowsOf = (block: DecodedBlock): BlockRows => ({ block, from: 0, to: block.rowCount });

/** Bytes of a key in a bound list: at most three a character, escaped or not. */
const bytesOfKey = (key: LookupKey): number => key.reduce((sum, text) => sum + 3 * (text.length + 1), 0);

const lastInstantOf = (rows: readonly BlockRows[]): number => {
  const { block, to } = rows.at(-1)!;
  return block.column('timestamp').at(to - 1) as number;
};

/** Returns the rest of a record's key as an order, e.g. for rows of one symbol and instant. */
export const restOfKey = (
  { key }: RecordDefinition,
  by: readonly string[],
  isDescending: boolean,
): LatestPlan['thenBy'] =>
  key.filter((name) => name !== 'timestamp' && !by.includes(name)).map((name) => ({ name, isDescending }));
