import type { CallOptions, KeyParts, Keyspace } from '@quantumtrade/dal-domain';
import { checkCall } from '@quantumtrade/dal-domain';
import type { CoherentKeyspace } from '../coherent-keyspace.js';

/** Receives each lookup of a read-through keyspace. */
export interface ReadThroughObserver {
  cacheLookup(hit: boolean): void;
}

/** Loads a value from the store, or null when the store has none. The cache owns the value: it freezes and shares it. */
export type StoreLoader<P extends string, T> = (parts: KeyParts<P>, limits: CallOptions) => Promise<T | null>;

/** The values of one keyspace from this process, else the second level, else the store. They are shared and frozen. */
export class ReadThroughKeyspace<P extends string, T> {
  readonly #pattern: P;
  readonly #values: CoherentKeyspace<P, T>;
  readonly #load: StoreLoader<P, T>;
  readonly #observer: ReadThroughObserver;
  readonly #knownOptions: readonly string[];

  /** Called by `ReadThroughCache.values`. */
  constructor(
    { pattern }: Keyspace<P, T>,
    values: CoherentKeyspace<P, T>,
    load: StoreLoader<P, T>,
    observer: ReadThroughObserver,
    knownOptions: readonly string[],
  ) {
    this.#pattern = pattern;
    this.#values = values;
    this.#load = load;
    this.#observer = observer;
    this.#knownOptions = knownOptions;
  }

  /** Returns the value at once if this process holds it, else undefined. Throws what a call with these options rejects with. */
  peek(parts: KeyParts<P>, options: CallOptions | undefined): T | undefined {
    if (options !== undefined) checkCall(options, this.#pattern, this.#knownOptions);
    const value = this.#values.peek(parts);
    if (value !== undefined) this.#observer.cacheLookup(true);
    return value;
  }

  /** Returns the value, or null when the store has none. */
  async get(parts: KeyParts<P>, options: CallOptions | undefined): Promise<T | null> {
    return (await this.find(parts, options)).value;
  }

  /** Returns the value and whether it was cached. A call that ran the loader is a miss. A loader error is passed unchanged. */
  async find(
    parts: KeyParts<P>,
    options: CallOptions | undefined,
  ): Promise<{ readonly value: T | null; readonly hit: boolean }> {
    if (options !== undefined) checkCall(options, this.#pattern, this.#knownOptions);
    let hit = true;
    const load = (limits: CallOptions) => {
      hit = false;
      return this.#load(parts, limits);
    };
    try {
      const value = await this.#values.getOrLoad(parts, load, options);
      return { value, hit };
    } catch (error) {
      hit = false;
      throw error;
    } finally {
      this.#observer.cacheLookup(hit);
    }
  }
}
