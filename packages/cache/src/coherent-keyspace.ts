import type { CallOptions, Change, KeyParts, Keyspace } from '@quantumtrade/dal-domain';
import { encodeFor, keysWhere, updateValue } from '@quantumtrade/dal-domain';
import { promiseTry } from '@quantumtrade/dal-runtime';
import type { CacheCore } from './core.js';
import { keysOf } from './keys.js';
import { Loading, UNREADABLE } from './l2/marks.js';
import type { Found } from './l2/stored-values.js';
import { StoredValues } from './l2/stored-values.js';
import type { Loader } from './loading/loads.js';
import { Loads } from './loading/loads.js';
import type { KeyspaceOptions } from './options.js';
import { withDefaults } from './options.js';
import { waitFor } from './wait-for.js';

/**
 * One keyspace of a two-level cache. Values handed out may be shared: they are frozen, dates included. The limits of a call
 * end its waiting, not a read or a load that others wait for.
 *
 * Reads and writes of the second level reject with an error of the data layer when it fails, does not answer within its
 * budget, or is not asked because it kept failing. Only `getOrLoad` can do without it.
 */
export class CoherentKeyspace<P extends string, T> {
  readonly #core: CacheCore;
  readonly #keyspace: Keyspace<P, T>;
  readonly #keyOf: (parts: KeyParts<P>) => string;
  readonly #stored: StoredValues<P, T>;
  readonly #loads: Loads<P, T>;

  /** Made by `CoherentCache.keyspace`. */
  constructor(core: CacheCore, keyspace: Keyspace<P, T>, options: KeyspaceOptions) {
    const all = withDefaults(options);
    this.#core = core;
    this.#keyspace = keyspace;
    this.#keyOf = keysOf(keyspace.pattern);
    this.#stored = new StoredValues(core, keyspace, all);
    this.#loads = new Loads(core, this.#stored, all);
  }

  /** The value if this process has it at hand, now and without a promise. Undefined says nothing of the second level. */
  peek(parts: KeyParts<P>): T | undefined {
    const { l1, counters } = this.#core;
    const held = l1.getFresh<T>(this.#keyOf(parts));
    if (held === undefined || held.value === null) return undefined;
    counters.l1Hits++;
    return held.value;
  }

  /** The value, or null when there is none, its time is over, or what is stored is not what its schema says. */
  get(parts: KeyParts<P>, options?: CallOptions): Promise<T | null> {
    return promiseTry(() => {
      const { l1, counters } = this.#core;
      const key = this.#keyOf(parts);
      const atHand = l1.getFresh<T>(key);
      if (atHand === undefined) return this.#getStored(key, options);
      counters.l1Hits++;
      return Promise.resolve(atHand.value);
    });
  }

  /** What `get` would give of each. They are not a snapshot. What is not at hand comes in one call. */
  async getMany(list: readonly KeyParts<P>[], options?: CallOptions): Promise<(T | null)[]> {
    const { l1, clock, counters } = this.#core;
    const values: (T | null)[] = new Array(list.length).fill(null);
    const missing: number[] = [];
    const keys: string[] = [];
    list.forEach((parts, i) => {
      const key = this.#keyOf(parts);
      const held = l1.getFresh<T>(key);
      if (held !== undefined) values[i] = held.value;
      else {
        missing.push(i);
        keys.push(key);
      }
    });
    counters.l1Hits += list.length - keys.length;
    if (keys.length === 0) return values;
    const found = await waitFor(this.#stored.readMany(keys), 'cache.getMany', options, clock);
    found.forEach((each, i) => (values[missing[i]!] = this.#valueOf(each)));
    return values;
  }

  /** Whether `get` would give a value. */
  async exists(parts: KeyParts<P>, options?: CallOptions): Promise<boolean> {
    return (await this.get(parts, options)) !== null;
  }

  /**
   * The value, loaded when there is none. Callers of one key share one load; so loaders of one key must be alike. A loaded
   * value is stored only if nothing happened to the key meanwhile. While the second level does not answer, values come from
   * this process or the loader, a bounded number of loads at a time. Rejects with the loader's error; `TimeoutError` when it
   * takes too long; `ValidationError` when it gives what is not a value of the keyspace.
   */
  getOrLoad(parts: KeyParts<P>, loader: Loader<T>, options?: CallOptions): Promise<T | null> {
    return promiseTry(() => {
      const { l1, counters } = this.#core;
      const key = this.#keyOf(parts);
      const atHand = l1.get<T>(key);
      if (atHand === undefined) return this.#loads.obtain(key, loader, options);
      counters.l1Hits++;
      this.#loads.served(key, atHand, loader);
      return Promise.resolve(atHand.value);
    });
  }

  /** Stores a value. A write that fails may have happened or not; this process then reads what the second level says. */
  set(parts: KeyParts<P>, value: T, options?: CallOptions): Promise<void> {
    return promiseTry(() => {
      const key = this.#keyOf(parts);
      const encoded = encodeFor(this.#keyspace, value);
      const ttl = this.#stored.ttlSeconds();
      return this.#write('cache.set', [key], options, (within) =>
        this.#core.cache.set(key, encoded, ttl, within),
      );
    });
  }

  /** Stores many values, each as `set` would. All are checked before any is stored. */
  async setMany(entries: readonly (readonly [KeyParts<P>, T])[], options?: CallOptions): Promise<void> {
    const writes = entries.map(([parts, value]) => ({
      key: this.#keyOf(parts),
      value: encodeFor(this.#keyspace, value),
      ttlSeconds: this.#stored.ttlSeconds(),
    }));
    const keys = writes.map(({ key }) => key);
    await this.#write('cache.setMany', keys, options, (within) => this.#core.cache.setMany(writes, within));
  }

  /** As `Cache.setIfNewer`. */
  setIfNewer(
    parts: KeyParts<P>,
    value: T & { readonly timestamp: Date },
    options?: CallOptions,
  ): Promise<boolean> {
    return this.#writeTimed('setIfNewer', parts, value, options);
  }

  /** As `Cache.replaceIfNewer`. */
  replaceIfNewer(
    parts: KeyParts<P>,
    value: T & { readonly timestamp: Date },
    options?: CallOptions,
  ): Promise<boolean> {
    return this.#writeTimed('replaceIfNewer', parts, value, options);
  }

  /** As the domain's `updateValue`, by what the second level holds. Removes the value in process, which may be older. */
  async update(parts: KeyParts<P>, change: Change<T>, options?: CallOptions): Promise<void> {
    const { cache, l1, reads, clock } = this.#core;
    const key = this.#keyOf(parts);
    const operation = 'cache.update';
    l1.changed([key]);
    await updateValue(this.#keyspace, change, {
      read: (decoder) => {
        const ask = (within: CallOptions) => cache.getEntry(key, decoder, within);
        return waitFor(reads.run(operation, ask), operation, options, clock);
      },
      replace: (expected, value, ttl) =>
        this.#write(operation, [key], options, (within) =>
          cache.setIfUnchanged(key, expected, value, ttl, within),
        ),
      remove: () => this.delete(parts, options),
    });
  }

  /**
   * Deletes the value from both levels; true when the second level held something for it. When it rejects, the value may still
   * be there until its time is over.
   */
  delete(parts: KeyParts<P>, options?: CallOptions): Promise<boolean> {
    return promiseTry(() => {
      const key = this.#keyOf(parts);
      return this.#write('cache.delete', [key], options, (within) => this.#core.cache.delete(key, within));
    });
  }

  /** Deletes many values, each as `delete` would. */
  async deleteMany(list: readonly KeyParts<P>[], options?: CallOptions): Promise<void> {
    const keys = list.map(this.#keyOf);
    await this.#write('cache.deleteMany', keys, options, (within) =>
      this.#core.cache.deleteMany(keys, within),
    );
  }

  /**
   * Deletes from both levels every value that has these parts, any or none of the pattern's; see `Cache.deleteWhere`. What
   * is being read or loaded meanwhile is not kept beyond its end, so that no reader who comes after it is given what was
   * there before. When it rejects, some may still be on the second level. It is for what happens now and then: the second
   * level looks at all of its keys, which may take up to `deleteWhereMs`, and goes on doing so when the caller gives up.
   */
  async deleteWhere(parts: Partial<KeyParts<P>>, options?: CallOptions): Promise<void> {
    const operation = 'cache.deleteWhere';
    const { cache, l1, deleteWhereMs } = this.#core;
    const { pattern } = this.#keyspace;
    const { has } = keysWhere(pattern, parts, operation);
    const drop = () => l1.writtenWhere(has);
    const call = (within: CallOptions) => cache.deleteWhere(pattern, parts, within);
    await this.#writeBetween(drop, operation, options, call, deleteWhereMs);
  }

  #writeTimed(
    how: 'setIfNewer' | 'replaceIfNewer',
    parts: KeyParts<P>,
    value: T & { readonly timestamp: Date },
    options: CallOptions | undefined,
  ): Promise<boolean> {
    return promiseTry(() => {
      const key = this.#keyOf(parts);
      const encoded = encodeFor(this.#keyspace, value) as { timestamp: string };
      const ttl = this.#stored.ttlSeconds();
      return this.#write(`cache.${how}`, [key], options, (within) =>
        this.#core.cache[how](key, encoded, ttl, within),
      );
    });
  }

  #write<R>(
    operation: string,
    keys: readonly string[],
    options: CallOptions | undefined,
    call: (options: CallOptions) => Promise<R>,
  ): Promise<R> {
    const drop = () => this.#core.l1.written(keys);
    return this.#writeBetween(drop, operation, options, call);
  }

  /** What is read before a write or while it runs is not kept beyond its end. */
  #writeBetween<R>(
    drop: () => void,
    operation: string,
    options: CallOptions | undefined,
    call: (options: CallOptions) => Promise<R>,
    budgetMs?: number,
  ): Promise<R> {
    const { writes, clock } = this.#core;
    drop();
    return waitFor(writes.run(operation, call, { budgetMs, onEnd: drop }), operation, options, clock);
  }

  async #getStored(key: string, options: CallOptions | undefined): Promise<T | null> {
    return this.#valueOf(await this.#stored.read(key, options));
  }

  /** The value of what the second level holds, counted as a hit or a miss. */
  #valueOf(found: Found<T> | null): T | null {
    const { counters } = this.#core;
    if (
      found === null ||
      found === UNREADABLE ||
      found instanceof Loading ||
      this.#core.clock.now() >= found.freshUntil
    ) {
      counters.misses++;
      return null;
    }
    counters.l2Hits++;
    return found.value;
  }
}
