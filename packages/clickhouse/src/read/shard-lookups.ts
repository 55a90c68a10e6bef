import type { MissingShard, MissingShardsOption, StoreReadOptions } from '@quantumtrade/dal-domain';
import { allowsMissing } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { BlockRows } from './block-rows.js';
import { LatestLookups, textOfKey, type LatestLookupsOptions } from './latest-lookups.js';
import type { ShardSelection } from './shard-reads.js';
import { readShards, selectShards } from './shard-reads.js';

type Options = (StoreReadOptions & MissingShardsOption) | undefined;

/** The newest rows of values by the text of their key, in order. Values without rows are missing. */
interface FoundRows {
  readonly found: ReadonlyMap<string, readonly BlockRows[]>;
  readonly missing: readonly MissingShard[];
}

/** Looks up the newest rows of values that decide on their shard, also while shards are missing. */
export class ShardLookups extends LatestLookups {
  readonly #sql: Sql;
  readonly #options: LatestLookupsOptions;
  readonly #byShard = new Map<number, LatestLookups>();

  constructor(sql: Sql, options: LatestLookupsOptions) {
    super(sql, options);
    this.#sql = sql;
    this.#options = options;
  }

  /**
   * Returns the newest rows of each value. Where shards may be missing, each is asked by itself, and values that may have rows on a missing one
   * are not found.
   */
  async findEach(
    values: readonly string[],
    limit: number,
    operation: string,
    options: Options,
  ): Promise<FoundRows> {
    const selection = allowsMissing(options) ? selectShards(this.#sql, values) : undefined;
    if (selection) return this.#findInShards(selection, limit, operation, options);
    const keys = values.map((value) => [value]);
    return { found: await this.findMany(keys, limit, operation, options), missing: [] };
  }

  async #findInShards(
    { shards, valuesOf }: ShardSelection,
    limit: number,
    operation: string,
    options: Options,
  ): Promise<FoundRows> {
    const { answers, missing } = await readShards({ shards, valuesOf }, (shard) => {
      const keys = valuesOf(shard)!.map((value) => [value]);
      return this.#lookupsOf(shard).findMany(keys, limit, operation, options);
    });
    const parts = new Map<string, (readonly BlockRows[])[]>();
    for (const answer of answers) {
      for (const [text, rows] of answer) parts.set(text, [...(parts.get(text) ?? []), rows]);
    }
    for (const { values } of missing) for (const value of values!) parts.delete(textOfKey([value]));
    const found = Array.from(parts, ([text, list]) => [text, this.#newestOf(list, limit)] as const);
    return { found: new Map(found), missing };
  }

  #lookupsOf(shard: number): LatestLookups {
    let lookups = this.#byShard.get(shard);
    if (!lookups) {
      lookups = new LatestLookups(this.#sql.shard(shard), this.#options);
      this.#byShard.set(shard, lookups);
    }
    return lookups;
  }

  /** Returns the newest of the rows that several shards have of one value. Rows of one instant are on one shard. */
  #newestOf(parts: readonly (readonly BlockRows[])[], limit: number): readonly BlockRows[] {
    if (parts.length === 1) return parts[0]!;
    const rows = parts.flat().flatMap(singleRows);
    rows.sort((a, b) => instantOf(b) - instantOf(a));
    if (!this.#options.areSets) return rows.slice(0, limit);
    return rows.filter((row) => instantOf(row) === instantOf(rows[0]!));
  }
}

const singleRows = ({ block, from, to }: BlockRows): BlockRows[] =>
  Array.from({ length: to - from }, (_, i) => ({ block, from: from + i, to: from + i + 1 }));

const instantOf = ({ block, from }: BlockRows): number => block.column('timestamp').at(from) as number;
