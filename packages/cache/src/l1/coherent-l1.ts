import type { CacheInvalidations, InvalidationListener } from '@quantumtrade/dal-domain';
import { LRUCache } from 'lru-cache';
import type { CacheClock } from '../clock.js';
import { Versions } from './versions.js';

/** A value (null: known to be absent) with the instants of its life, in epoch milliseconds. */
export interface Held<T> {
  readonly value: T | null;
  /** Before it the value may be served without anybody reloading it. */
  readonly freshUntil: number;
  /** From it on it is served no more. */
  readonly usableUntil: number;
  /** From it on a reader who can load has it reloaded. */
  refreshAt: number;
}

/** What else must not outlive a change: reads and loads that began before it. */
export interface BegunBefore {
  forget(key: string): void;
  forgetAll(): void;
}

export interface L1Limits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/**
 * The level in process. It holds only what it was given while nothing happened to the key and the connection of the
 * invalidations, and forgets it as soon as something does.
 */
export class CoherentL1 implements InvalidationListener {
  readonly #held: LRUCache<string, Held<unknown>>;
  readonly #versions = new Versions();
  readonly #clock: CacheClock;
  readonly #begunBefore: readonly BegunBefore[];
  #isConnected = false;
  #refusals = 0;

  constructor(limits: L1Limits, clock: CacheClock, begunBefore: readonly BegunBefore[]) {
    this.#held = new LRUCache({ max: limits.maxEntries, maxSize: limits.maxBytes });
    this.#clock = clock;
    this.#begunBefore = begunBefore;
  }

  listenTo(invalidations: CacheInvalidations): () => void {
    return invalidations.listen(this);
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Values that were not kept because something happened to their key while they were read. */
  get refusals(): number {
    return this.#refusals;
  }

  get entries(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#held.calculatedSize;
  }

  get<T>(key: string): Held<T> | undefined {
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    if (this.#clock.now() < held.usableUntil) return held as Held<T>;
    this.#held.delete(key);
    return undefined;
  }

  /** To be taken before a value is read, and given back with it. */
  versionOf(key: string): number {
    return this.#versions.of(key);
  }

  /** Keeps a value that was read since its key had this version. */
  put(key: string, held: Held<unknown>, bytes: number, version: number): void {
    if (held.usableUntil <= this.#clock.now()) return;
    if (version === this.#versions.of(key)) this.#held.set(key, held, { size: bytes });
    else this.#refusals++;
  }

  /** Drops the keys and whatever of them is being read. */
  changed(keys: readonly string[]): void {
    for (const key of keys) {
      this.#versions.changed(key);
      this.#held.delete(key);
      for (const begun of this.#begunBefore) begun.forget(key);
    }
  }

  /** Drops the keys that pass a test, and whatever is being read. */
  changedWhere(has: (key: string) => boolean): void {
    this.#versions.allChanged();
    for (const key of [...this.#held.keys()].filter(has)) this.#held.delete(key);
    for (const begun of this.#begunBefore) begun.forgetAll();
  }

  allChanged(): void {
    this.#versions.allChanged();
    this.#held.clear();
    for (const begun of this.#begunBefore) begun.forgetAll();
  }

  onConnected(): void {
    this.#isConnected = true;
    this.allChanged();
  }

  onDisconnected(): void {
    this.#isConnected = false;
    this.allChanged();
  }

  onInvalidated(keys: readonly string[] | 'all'): void {
    if (keys === 'all') this.allChanged();
    else this.changed(keys);
  }
}
