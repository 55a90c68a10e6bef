import { createHash } from 'node:crypto';
import type { RecordDefinition } from '@quantumtrade/dal-domain';
import type { RowSharding } from '../codec/block-encoder.js';
import { monthAt } from '../codec/row-splitters.js';
import type { ClusterSettings } from '../settings.js';

/** Values whose shards are remembered. */
const MAX_REMEMBERED = 100_000;
const MASK = 2n ** 64n - 1n;

/** Returns the field by whose value the rows of a record are spread over shards: the symbol, or the first field of the key. */
export const shardFieldOf = ({ fields, key }: RecordDefinition): string =>
  'symbol' in fields ? 'symbol' : key[0]!;

/** Instants of some rows, in epoch milliseconds. */
export interface InstantRange {
  readonly start?: number | undefined;
  /** Exclusive. */
  readonly end?: number | undefined;
}

/** Decides on which shard a row is stored: by a hash of its symbol, among the shards in use for its month. */
export class ShardLayout {
  /** The month from which each entry holds, counted from the year 0, and its number of shards. */
  readonly #entries: readonly { readonly from: number; readonly shards: number }[];
  /** The shards of a value, one for each entry. */
  readonly #remembered = new Map<string, readonly number[]>();

  constructor(layout: ClusterSettings['layout']) {
    this.#entries = layout.map(({ from, shards }) => ({
      from: from === '' ? -Infinity : monthOf(from),
      shards,
    }));
  }

  /** Returns the numbers of all shards, from 1 on. */
  get shards(): number[] {
    return shardsOf(this.#entries);
  }

  /** Returns how the rows of a record are spread. */
  sharding(definition: RecordDefinition): RowSharding {
    return { field: shardFieldOf(definition), shardOf: (value, month) => this.shardOf(value, month) };
  }

  /** Returns the shard of the rows with a value of {@link shardFieldOf} in a month, which is counted from the year 0. */
  shardOf(value: string, month: number): number {
    return this.#shardsOf(value)[this.#entryOf(month)]!;
  }

  /** Returns {@link shardOf} as an expression of the engine, on a column with the value and on `timestamp`. */
  expression(column: string): string {
    const hash = `reinterpretAsUInt64(substring(SHA256(${column}), 1, 8))`;
    const cases = this.#entries.flatMap(({ shards }, entry) => {
      const next = this.#entries[entry + 1];
      const bucket = `jumpConsistentHash(${hash}, ${shards})`;
      if (!next) return [bucket];
      const month = 100 * Math.floor(next.from / 12) + (next.from % 12) + 1;
      return [`toYYYYMM(timestamp, 'UTC') < ${month}`, bucket];
    });
    return `1 + ${cases.length > 1 ? `multiIf(${cases.join(', ')})` : cases[0]!}`;
  }

  /** Returns the shards that may have rows with one of the values, in ascending order. */
  shardsOf(values: Iterable<string>, range: InstantRange = {}): number[] {
    const { first, last } = this.#entriesIn(range);
    const found = new Set<number>();
    for (const value of values) {
      const shards = this.#shardsOf(value);
      for (let entry = first; entry <= last; entry++) found.add(shards[entry]!);
    }
    return [...found].sort((a, b) => a - b);
  }

  /**
   * Returns the shards that rows of any value may be on, in ascending order. Returns undefined where the last entry holds for some of them: a newer
   * layout of another program may have further shards then.
   */
  shardsIn(range: InstantRange = {}): number[] | undefined {
    const { first, last } = this.#entriesIn(range);
    return last === this.#entries.length - 1 ? undefined : shardsOf(this.#entries.slice(first, last + 1));
  }

  /** Returns the positions of the first and the last entry that hold in a range. */
  #entriesIn({ start, end }: InstantRange): { first: number; last: number } {
    return {
      first: start === undefined ? 0 : this.#entryOf(monthAt(start)),
      last: end === undefined ? this.#entries.length - 1 : this.#entryOf(monthAt(end - 1)),
    };
  }

  #entryOf(month: number): number {
    return this.#entries.findLastIndex(({ from }) => from <= month);
  }

  #shardsOf(value: string): readonly number[] {
    let shards = this.#remembered.get(value);
    if (!shards) {
      const hash = createHash('sha256').update(value).digest().readBigUInt64LE();
      shards = this.#entries.map((entry) => 1 + jumpConsistentHash(hash, entry.shards));
      if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
      this.#remembered.set(value, shards);
    }
    return shards;
  }
}

/** Returns the numbers of the shards that rows of some months are spread over. */
function shardsOf(entries: readonly { readonly shards: number }[]): number[] {
  const count = Math.max(0, ...entries.map(({ shards }) => shards));
  return Array.from({ length: count }, (_, index) => index + 1);
}

/**
 * Returns one of so many buckets, from 0 on, as the engine's function of this name does. A further bucket takes its share of the hashes
 * from all others, and no other hash changes its bucket (Lamping and Veach, 2014).
 */
function jumpConsistentHash(hash: bigint, buckets: number): number {
  let state = hash;
  let bucket = 0;
  for (let next = 0; next < buckets;) {
    bucket = next;
    state = (state * 2862933555777941757n + 1n) & MASK;
    next = Math.trunc((bucket + 1) * (2 ** 31 / Number((state >> 33n) + 1n)));
  }
  return bucket;
}

/** Returns a month such as `2026-12`, counted from the year 0. */
const monthOf = (text: string): number => 12 * Number(text.slice(0, 4)) + Number(text.slice(5)) - 1;
