import type { CallOptions, RecordDefinition } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { Sql, SqlParams } from '../connection/sql.js';
import { divided } from '../query/conditions.js';
import type { LatestPlan } from '../query/latest-query.js';
import type { LatestQueries } from '../query/plan-latest.js';
import { planLatest } from '../query/plan-latest.js';
import type { BlockRows } from './block-rows.js';
import { totalRowsOf, readBlocks } from './block-rows.js';
import type { HintedKeys } from './latest-hints.js';
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

  /** Returns the newest rows of a key, in order. Callers of one key share the rows. */
  async find(key: LookupKey, limit: number, options: CallOptions | undefined): Promise<readonly BlockRows[]> {
    return (await this.#limitedTo(limit).batcher.find(key, options)) ?? [];
  }

  /** Returns the newest rows of many keys by the text of the key. Keys without rows are missing. */
  async findMany(
    keys: readonly LookupKey[],
    limit: number,
    operation: string,
    options: CallOptions | undefined,
  ): Promise<ReadonlyMap<string, readonly BlockRows[]>> {
    const lookups = this.#limitedTo(limit);
    const found = new Map<string, readonly BlockRows[]>();
    for (let start = 0; start < keys.length; start += MAX_KEYS) {
      const rows = await lookups.findMany(keys.slice(start, start + MAX_KEYS), operation, options);
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

  constructor(sql: Sql, options: LatestLookupsOptions, limit: number) {
    const { operation, timeoutMs } = options;
    this.#sql = sql;
    this.#options = options;
    this.#limit = limit;
    this.#queries = planLatest({ ...options, limit });
    this.#keyColumns = options.by.map(columnOf);
    this.batcher = new LookupBatcher((keys, callOptions) => this.findMany(keys, operation, callOptions), {
      textOf: textOfKey,
      operation,
      timeoutMs,
      maxKeys: MAX_KEYS,
    });
  }

  async findMany(
    keys: readonly LookupKey[],
    operation: string,
    options: CallOptions | undefined,
  ): Promise<ReadonlyMap<string, readonly BlockRows[]>> {
    const query = (sql: Sql, { keys: some, since }: HintedKeys<LookupKey>) =>
      Promise.all(
        divided(some, bytesOfKey, MAX_LIST_BYTES).map((list) =>
          this.#query(sql, list, since, operation, options, found),
        ),
      );
    const found = new Map<string, BlockRows[]>();
    const { isIdentifier } = this.#options;
    const groups = isIdentifier ? [{ keys, since: undefined }] : this.#hints.divide(keys, textOfKey);
    await Promise.all(groups.map((group) => query(this.#sql, group)));
    const hinted = groups.flatMap((group) => (group.since === undefined ? [] : group.keys));
    const missed = hinted.filter((key) => !this.#isComplete(found.get(textOfKey(key))));
    if (missed.length > 0) {
      for (const key of missed) found.delete(textOfKey(key));
      await query(this.#sql.continuing, { keys: missed, since: undefined });
    }
    if (isIdentifier) return found;
    for (const key of keys) {
      const text = textOfKey(key);
      const rows = found.get(text);
      this.#hints.learn(text, this.#isComplete(rows) ? lastInstantOf(rows!) : undefined);
    }
    return found;
  }

  /** Whether no older row can be missing. */
  #isComplete(rows: readonly BlockRows[] | undefined): boolean {
    return rows !== undefined && (this.#options.areSets || totalRowsOf(rows) === this.#limit);
  }

  async #query(
    sql: Sql,
    keys: readonly LookupKey[],
    since: number | undefined,
    operation: string,
    options: CallOptions | undefined,
    found: Map<string, BlockRows[]>,
  ): Promise<void> {
    const { by } = this.#options;
    const isMany = keys.length > 1;
    const bound: Record<string, unknown> = since === undefined ? {} : { since };
    for (let i = 0; i < by.length; i++) {
      bound[`key${i}`] = isMany ? keys.map((key) => key[i]!) : keys[0]![i]!;
    }
    const { plain, hinted } = isMany ? this.#queries.many : this.#queries.one;
    const query = since === undefined ? plain : hinted;
    for (const block of await readBlocks(sql, operation, query, bound as SqlParams, options)) {
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
}

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
