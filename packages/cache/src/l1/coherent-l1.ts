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

/** No part of a key comes to this: a percent sign always begins a code. */
const PLACEHOLDER = '%';
const nothing: Held<null> = { value: null, freshUntil: 0, usableUntil: 0, refreshAt: 0 };

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
    return this.#held.size - this.#placeholders;
  }

  get bytes(): number {
    return this.#held.calculatedSize - this.#placeholders;
  }

  /** A value that is usable now. */
  get<T>(key: string): Held<T> | undefined {
    return this.#usableAt(this.#clock.now(), key) as Held<T> | undefined;
  }

  /** A value that nobody has to reload yet. */
  getFresh<T>(key: string): Held<T> | undefined {
    const now = this.#clock.now();
    const held = this.#usableAt(now, key);
    return held !== undefined && now < held.freshUntil ? (held as Held<T>) : undefined;
  }

  /** To be taken before a value is read, and given back with it. */
  versionOf(key: string): number {
    return this.#versions.of(key);
  }

  /** Grows with every write through this cache, whether the second level took it or not. */
  writesOf(key: string): number {
    return this.#versions.writesOf(key);
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
      this.#drop(key);
    }
  }

  /** As `changed`, by a write through this cache that begins or ends. */
  written(keys: readonly string[]): void {
    for (const key of keys) {
      this.#versions.written(key);
      this.#drop(key);
    }
  }

  /** As `written`, for the keys that pass a test. Whatever is being read is dropped. */
  writtenWhere(has: (key: string) => boolean): void {
    this.#versions.allWritten();
    for (const key of [...this.#held.keys()].filter(has)) this.#remove(key);
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

  #usableAt(now: number, key: string): Held<unknown> | undefined {
    const held = this.#held.get(key);
    if (held === undefined || now < held.usableUntil) return held;
    this.#remove(key);
    return undefined;
  }

  #drop(key: string): void {
    this.#remove(key);
    for (const begun of this.#begunBefore) begun.forget(key);
  }

  /** The library clears all the room there is, which takes long, when its last value goes: another then stays in its place. */
  #remove(key: string): void {
    if (this.#held.size === 1 && this.#held.has(key)) this.#held.set(PLACEHOLDER, nothing, { size: 1 });
    this.#held.delete(key);
  }

  get #placeholders(): number {
    return this.#held.has(PLACEHOLDER) ? 1 : 0;
  }
}
