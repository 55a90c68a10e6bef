import type { CallOptions, KeyParts } from '@quantumtrade/dal-domain';
import { checkCall, isDatabaseError, keyOf } from '@quantumtrade/dal-domain';
import type { KeyspaceReader } from '../load/keyspace-reader.js';
import { loadTogether, orNulls, type ManyLoader } from './load-batch.js';
import type { ReadThroughSource, StoreLoader } from './types.js';

/** How long a load waits for a server that has what this process wrote. */
const VISIBLE_WITHIN_MS = 250;

/** A keyspace that reads many values by one call. */
type ManyReader<P extends string, T> = KeyspaceReader<P, T> & {
  getMany(list: readonly KeyParts<P>[], options?: CallOptions): Promise<(T | null)[]>;
};

/** The values of one keyspace from this process, else the second level, else the store. They are shared and frozen. */
export class ReadThroughKeyspace<P extends string, T> {
  readonly #values: ManyReader<P, T>;
  readonly #source: ReadThroughSource<P, T>;

  /** Called by `ReadThroughCache.values`. */
  constructor(values: ManyReader<P, T>, source: ReadThroughSource<P, T>) {
    this.#values = values;
    this.#source = source;
  }

  /** Returns the value at once if this process holds it, else undefined. Throws what a call with these options rejects with. */
  peek(parts: KeyParts<P>, options: CallOptions | undefined): T | undefined {
    const { pattern, knownOptions, observer } = this.#source;
    if (options !== undefined) checkCall(options, pattern, knownOptions);
    const value = this.#values.peek(parts);
    if (value !== undefined) observer.cacheLookup(true, pattern);
    return value;
  }

  /** Returns the value, or null when the store has none. A loader error is passed unchanged. */
  async get(
    parts: KeyParts<P>,
    options: CallOptions | undefined,
    lookup = { hit: true },
    load = this.#source.load,
  ): Promise<T | null> {
    const { pattern, knownOptions, observer } = this.#source;
    if (options !== undefined) checkCall(options, pattern, knownOptions);
    try {
      const loader = this.#load.bind(this, parts, lookup, load, options?.priority);
      return await this.#values.getOrLoad(parts, loader, options);
    } catch (error) {
      lookup.hit = false;
      throw error;
    } finally {
      observer.cacheLookup(lookup.hit, pattern);
    }
  }

  /** Returns the value and whether it was cached. A call that ran the loader is a miss. A loader error is passed unchanged. */
  async find(
    parts: KeyParts<P>,
    options: CallOptions | undefined,
  ): Promise<{ readonly value: T | null; readonly hit: boolean }> {
    const lookup = { hit: true };
    const value = await this.get(parts, options, lookup);
    return { value, hit: lookup.hit };
  }

  /** Returns what `get` returns for each. Values that no level holds are loaded together by `loadMany`, as a rule by one call. */
  async getMany(
    list: readonly KeyParts<P>[],
    loadMany: ManyLoader<KeyParts<P>, T>,
    options: CallOptions | undefined,
  ): Promise<(T | null)[]> {
    const { pattern, knownOptions, observer } = this.#source;
    if (options !== undefined) checkCall(options, pattern, knownOptions);
    const values = await orNulls(this.#values.getMany(list, options), list.length);
    const load = loadTogether(loadMany);
    return Promise.all(
      values.map((value, i) => {
        if (value === null) return this.get(list[i]!, options, { hit: true }, load);
        observer.cacheLookup(true, pattern);
        return value;
      }),
    );
  }

  async #load(
    parts: KeyParts<P>,
    lookup: { hit: boolean },
    load: StoreLoader<P, T>,
    priority: CallOptions['priority'],
    limits: CallOptions,
  ): Promise<T | null> {
    const { pattern, untracked, recentWrites, discard } = this.#source;
    const { ended } = untracked;
    lookup.hit = false;
    const all = priority ? { ...limits, priority } : limits;
    const readAfter = recentWrites.isEmpty ? undefined : recentWrites.tokensOf(keyOf(pattern, parts));
    let isBehind = false;
    let value: T | null;
    try {
      value = await load(
        parts,
        readAfter ? { ...all, readAfter, readAfterTimeoutMs: VISIBLE_WITHIN_MS } : all,
      );
    } catch (error) {
      if (!readAfter || !isWithoutServer(error)) throw error;
      // The value may be older than the write. It is served, as without a cache, and not cached.
      isBehind = true;
      value = await load(parts, all);
    }
    if (isBehind || untracked.running > 0 || ended !== untracked.ended) await discard(keyOf(pattern, parts));
    return value;
  }
}

/** Whether a load failed because no server could be made to have a write in time, or lost its connection meanwhile. */
const isWithoutServer = (error: unknown): boolean =>
  isDatabaseError(error) && (error.code === 'CONNECTION' || error.code === 'TIMEOUT');
