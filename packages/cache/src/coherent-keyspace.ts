import type { CallOptions, Change, KeyParts } from '@quantumtrade/dal-domain';
import { CacheError, encodeFor, keysWhere, TimeoutError, updateValue } from '@quantumtrade/dal-domain';
import { Deadline, promiseTry } from '@quantumtrade/dal-runtime';
import { KeyspaceReader } from './load/keyspace-reader.js';
import type { Found } from './tiers/second-level.js';
import { Lease } from './tiers/leases.js';
import { UNREADABLE } from './tiers/second-level.js';

/**
 * One keyspace of a two-level cache. Values may be shared: they are frozen, dates included. The limits of a call end its own
 * waiting; a read or load that others wait for continues.
 *
 * Reads and writes of the second level reject with an error of the data layer when it fails, exceeds its budget, or is
 * suspended because it kept failing. Only `getOrLoad` works without it.
 */
export class CoherentKeyspace<P extends string, T> extends KeyspaceReader<P, T> {
  /** Returns the value, or null when it is missing, has expired or does not match its schema. */
  get(parts: KeyParts<P>, options?: CallOptions): Promise<T | null> {
    return promiseTry(() => {
      const { firstLevel, counters } = this.core;
      const key = this.keyOf(parts);
      const entry = firstLevel.getFresh<T>(key);
      if (entry === undefined) return this.#getStored(key, options);
      counters.l1Hits++;
      return Promise.resolve(entry.value);
    });
  }

  /** Returns what `get` would return for each. They are not a snapshot. One call reads all that the first level lacks. */
  async getMany(list: readonly KeyParts<P>[], options?: CallOptions): Promise<(T | null)[]> {
    const { firstLevel, counters } = this.core;
    const values: (T | null)[] = new Array(list.length).fill(null);
    const missing: number[] = [];
    const keys: string[] = [];
    list.forEach((parts, i) => {
      const key = this.keyOf(parts);
      const entry = firstLevel.getFresh<T>(key);
      if (entry !== undefined) values[i] = entry.value;
      else {
        missing.push(i);
        keys.push(key);
      }
    });
    counters.l1Hits += list.length - keys.length;
    if (keys.length === 0) return values;
    const found = await this.#within('cache.getMany', options, this.secondLevel.readMany(keys));
    found.forEach((each, i) => (values[missing[i]!] = this.#valueOf(each)));
    return values;
  }

  /** Returns whether `get` would return a value. */
  async exists(parts: KeyParts<P>, options?: CallOptions): Promise<boolean> {
    return (await this.get(parts, options)) !== null;
  }

  /** Stores a value. A write that fails may have happened; this process then reads what the second level holds. */
  set(parts: KeyParts<P>, value: T, options?: CallOptions): Promise<void> {
    return promiseTry(() => {
      const key = this.keyOf(parts);
      const encoded = encodeFor(this.keyspace, value);
      const ttl = this.secondLevel.ttlSeconds();
      return this.#write('cache.set', [key], options, (within) =>
        this.core.cache.set(key, encoded, ttl, within),
      );
    });
  }

  /** Stores many values as `set` does. All are checked before any is stored. */
  async setMany(entries: readonly (readonly [KeyParts<P>, T])[], options?: CallOptions): Promise<void> {
    const writes = entries.map(([parts, value]) => ({
      key: this.keyOf(parts),
      value: encodeFor(this.keyspace, value),
      ttlSeconds: this.secondLevel.ttlSeconds(),
    }));
    const keys = writes.map(({ key }) => key);
    await this.#write('cache.setMany', keys, options, (within) => this.core.cache.setMany(writes, within));
  }

  /** Stores a value as `Cache.setIfNewer` does. */
  setIfNewer(
    parts: KeyParts<P>,
    value: T & { readonly timestamp: Date },
    options?: CallOptions,
  ): Promise<boolean> {
    return this.#writeTimed('setIfNewer', parts, value, options);
  }

  /** Replaces a value as `Cache.replaceIfNewer` does. */
  replaceIfNewer(
    parts: KeyParts<P>,
    value: T & { readonly timestamp: Date },
    options?: CallOptions,
  ): Promise<boolean> {
    return this.#writeTimed('replaceIfNewer', parts, value, options);
  }

  /** Updates a value as the domain's `updateValue` does, starting from the second level: the first may be older. */
  async update(parts: KeyParts<P>, change: Change<T>, options?: CallOptions): Promise<void> {
    const { cache, firstLevel, local, reads } = this.core;
    const key = this.keyOf(parts);
    const operation = 'cache.update';
    firstLevel.changed([key]);
    await updateValue(this.keyspace, change, {
      read: async (decoder) => {
        if (local.pendingRemovals.has(key))
          throw new CacheError('is to be removed', { operation, retryable: false });
        const read = reads.run(operation, (within) => cache.getEntry(key, decoder, within));
        return this.#within(operation, options, read);
      },
      replace: (expected, value, ttl) =>
        this.#write(operation, [key], options, (within) =>
          cache.setIfUnchanged(key, expected, value, ttl, within),
        ),
      remove: () => this.delete(parts, options),
    });
  }

  /**
   * Deletes the value from both levels. Returns whether the second level held something for it. When it rejects, the value may
   * still be there until it expires.
   */
  delete(parts: KeyParts<P>, options?: CallOptions): Promise<boolean> {
    return promiseTry(async () => {
      const { cache, local } = this.core;
      const key = this.keyOf(parts);
      const wasThere = await this.#write('cache.delete', [key], options, (within) =>
        cache.delete(key, within),
      );
      local.settle([key]);
      return wasThere;
    });
  }

  /** Deletes many values as `delete` does. */
  async deleteMany(list: readonly KeyParts<P>[], options?: CallOptions): Promise<void> {
    const keys = list.map(this.keyOf);
    await this.#write('cache.deleteMany', keys, options, (within) =>
      this.core.cache.deleteMany(keys, within),
    );
  }

  /**
   * Deletes from both levels every value that has these parts, any or none of the pattern's; see `Cache.deleteWhere`. Reads
   * and loads under way are not kept, so no later reader receives what was there before. When it rejects, some values may
   * remain on the second level. It suits rare events: the second level scans all of its keys, which may take up to
   * `deleteWhereMs`, and continues when the caller gives up.
   */
  async deleteWhere(parts: Partial<KeyParts<P>>, options?: CallOptions): Promise<void> {
    const operation = 'cache.deleteWhere';
    const { cache, firstLevel, local, deleteWhereMs } = this.core;
    const { pattern } = this.keyspace;
    const { has } = keysWhere(pattern, parts, operation);
    const drop = () => firstLevel.writtenWhere(has);
    const call = (within: CallOptions | undefined) => cache.deleteWhere(pattern, parts, within);
    await local.settleWhere(has, () => this.#writeBetween(drop, operation, options, call, deleteWhereMs));
  }

  #writeTimed(
    how: 'setIfNewer' | 'replaceIfNewer',
    parts: KeyParts<P>,
    value: T & { readonly timestamp: Date },
    options: CallOptions | undefined,
  ): Promise<boolean> {
    return promiseTry(() => {
      const key = this.keyOf(parts);
      const encoded = encodeFor(this.keyspace, value) as { timestamp: string };
      const ttl = this.secondLevel.ttlSeconds();
      return this.#write(`cache.${how}`, [key], options, (within) =>
        this.core.cache[how](key, encoded, ttl, within),
      );
    });
  }

  #write<R>(
    operation: string,
    keys: readonly string[],
    options: CallOptions | undefined,
    call: (options: CallOptions | undefined) => Promise<R>,
  ): Promise<R> {
    const drop = () => this.core.firstLevel.written(keys);
    return this.#writeBetween(drop, operation, options, call);
  }

  /** Drops what was read before a write or while it ran. */
  #writeBetween<R>(
    drop: () => void,
    operation: string,
    options: CallOptions | undefined,
    call: (options: CallOptions | undefined) => Promise<R>,
    budgetMs?: number,
  ): Promise<R> {
    drop();
    return this.#within(operation, options, this.core.writes.run(operation, call, { budgetMs, onEnd: drop }));
  }

  /** Waits for work within the limits of a call. */
  #within<R>(operation: string, options: CallOptions | undefined, work: Promise<R>): Promise<R> {
    if (options === undefined) return work;
    const timeoutError = (elapsedMs: number) => new TimeoutError(elapsedMs, { operation });
    return new Deadline(options, timeoutError, this.core.clock).race(work);
  }

  async #getStored(key: string, options: CallOptions | undefined): Promise<T | null> {
    return this.#valueOf(await this.secondLevel.read(key, options));
  }

  /** Returns the value of what the second level holds, counted as a hit or a miss. */
  #valueOf(found: Found<T> | null): T | null {
    const { counters } = this.core;
    if (
      found === null ||
      found === UNREADABLE ||
      found instanceof Lease ||
      this.core.time.now() >= found.freshUntil
    ) {
      counters.misses++;
      return null;
    }
    counters.l2Hits++;
    return found.value;
  }
}
