import type { CoherentKeyspace } from '@quantumtrade/dal-cache';
import type { CallOptions, TimeSource, KeyParts, Keyspace } from '@quantumtrade/dal-domain';
import { checkCall, keyOf, systemClock } from '@quantumtrade/dal-domain';
import { onClock } from './on-clock.js';

/** Told of each lookup of the read-through cache. */
export interface CacheObserver {
  cacheLookup(hit: boolean): void;
}

/** Gets a value from the store; null when it has none. The value is handed over, to be shared and frozen. */
export type Load<P extends string, T> = (parts: KeyParts<P>, limits: CallOptions) => Promise<T | null>;

/** What the keyspaces of a data layer share. */
export interface Surroundings {
  readonly observer: CacheObserver;
  /** By which values end. */
  readonly clock: TimeSource;
  /** Loads a key's value; nothing of it is cached if something untold was written meanwhile. */
  seeing<T>(key: string, load: () => Promise<T>): Promise<T>;
}

/** The values of one keyspace from this process, else the cache's server, else the store. They are shared and frozen. */
export class CachedValues<P extends string, T> {
  readonly #keyspace: Keyspace<P, T>;
  readonly #values: CoherentKeyspace<P, T>;
  readonly #load: Load<P, T>;
  readonly #around: Surroundings;
  readonly #known: readonly string[];

  /** `known` are the keys that the options of a call may have. */
  constructor(
    keyspace: Keyspace<P, T>,
    values: CoherentKeyspace<P, T>,
    load: Load<P, T>,
    around: Surroundings,
    known: readonly string[],
  ) {
    this.#keyspace = keyspace;
    this.#values = values;
    this.#load = load;
    this.#around = around;
    this.#known = known;
  }

  async get(parts: KeyParts<P>, options?: CallOptions): Promise<T | null> {
    const atHand = this.peek(parts, options);
    return atHand === undefined ? (await this.find(parts, options)).value : atHand;
  }

  /** The value if this process has it at hand. Throws what a call of these limits would end with. */
  peek(parts: KeyParts<P>, options: CallOptions | undefined): T | undefined {
    checkCall(options, this.#keyspace.pattern, this.#known);
    const value = this.#values.peek(parts);
    if (value !== undefined) this.#around.observer.cacheLookup(true);
    return value;
  }

  /** What is not at hand; `hit` is false when this call has loaded. What the load rejects with, all who wait get as it is. */
  async find(
    parts: KeyParts<P>,
    options: CallOptions | undefined,
  ): Promise<{ value: T | null; hit: boolean }> {
    const { observer, clock, seeing } = this.#around;
    let hit = true;
    const load = (limits: CallOptions) => {
      hit = false;
      const within = onClock(systemClock, limits, clock)!;
      return seeing(keyOf(this.#keyspace.pattern, parts), () => this.#load(parts, within));
    };
    try {
      const value = await this.#values.getOrLoad(parts, load, onClock(clock, options, systemClock));
      return { value, hit };
    } catch (error) {
      hit = false;
      throw error;
    } finally {
      observer.cacheLookup(hit);
    }
  }
}
