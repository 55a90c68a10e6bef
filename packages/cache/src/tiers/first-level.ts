import type { InvalidationListener } from '@quantumtrade/dal-domain';
import type { SingleFlight, TimeSource } from '@quantumtrade/dal-runtime';
import { LRUCache } from 'lru-cache';

/** A value (null: known to be absent) with the instants of its life in epoch milliseconds. */
export interface CachedEntry<T> {
  readonly value: T | null;
  /** Until then the value is served without a reload. */
  readonly freshUntil: number;
  /** From then on it is no longer served. */
  readonly usableUntil: number;
  /** From then on a reader with a loader starts a reload. */
  refreshAt: number;
}

/** Both limits count all keyspaces together. */
export interface FirstLevelLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Placeholder key. No cache key equals it: a percent sign always begins an escape. */
const PLACEHOLDER = '%';
/** Counts of what has happened to a key, and to the others that share its counters. They only grow. */
interface Counters {
  /** Changes, those by this process included. */
  changes: number;
  /** Writes of this process, whether the second level accepted them or not. */
  writes: number;
}

/** Counts of a key at one instant. While its counters are equal to them, nothing has happened to the key since. */
export interface KeyVersion extends Readonly<Counters> {
  readonly key: string;
  readonly counters: Readonly<Counters>;
}

/** Keys share counters, which bounds memory: a change of one key may then reject a value of another. */
const COUNTERS = 16_384;
const NO_ENTRY: CachedEntry<null> = { value: null, freshUntil: 0, usableUntil: 0, refreshAt: 0 };

/**
 * The level in this process. It accepts a value only if its key has not changed since the value was read, and drops it with
 * the next change. Reads and loads under way at a change accept no further callers. It listens to the changes of the second level.
 */
export class FirstLevel implements InvalidationListener {
  /** Whether every change by other processes is received. Only the listener's methods change it. */
  isConnected = false;
  readonly #entries: LRUCache<string, CachedEntry<unknown>>;
  /** Those that a version or a change has needed; a value without a version cannot be kept. */
  readonly #counters = new Array<Counters | undefined>(COUNTERS).fill(undefined);
  readonly #maxEntries: number;
  readonly #time: TimeSource;
  readonly #underWay: readonly SingleFlight[];
  #rejectedByVersion = 0;

  constructor(limits: FirstLevelLimits, time: TimeSource, underWay: readonly SingleFlight[]) {
    // With a maximum of entries the library allocates all of its storage at once: 3 MB in 10 ms, of which many processes use little.
    this.#entries = new LRUCache({ maxSize: limits.maxBytes });
    this.#maxEntries = limits.maxEntries;
    this.#time = time;
    this.#underWay = underWay;
  }

  /** Number of values that were not kept because their key changed while they were read. */
  get rejectedByVersion(): number {
    return this.#rejectedByVersion;
  }

  get entryCount(): number {
    return this.#entries.size - this.#placeholderCount;
  }

  /** Approximate size in bytes. */
  get byteSize(): number {
    return this.#entries.calculatedSize - this.#placeholderCount;
  }

  /** Returns an entry that may be served now. */
  get<T>(key: string): CachedEntry<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#time.now() < entry.usableUntil)
      return entry as CachedEntry<T> | undefined;
    this.#remove(key);
    return undefined;
  }

  /** Returns an entry that needs no reload yet. */
  getFresh<T>(key: string): CachedEntry<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.#time.now();
    if (now >= entry.usableUntil) this.#remove(key);
    else if (now < entry.freshUntil) return entry as CachedEntry<T>;
    return undefined;
  }

  /** Returns the version to pass to {@link put} with a value that is read from now on. */
  versionOf(key: string): KeyVersion {
    const counters = this.#countersOf(key);
    return { key, counters, changes: counters.changes, writes: counters.writes };
  }

  /** Keeps a value unless its key has changed since it had this version. */
  put({ key, counters, changes }: KeyVersion, entry: CachedEntry<unknown>, bytes: number): void {
    if (entry.usableUntil <= this.#time.now()) return;
    if (changes !== counters.changes) {
      this.#rejectedByVersion++;
      return;
    }
    this.#entries.set(key, entry, { size: bytes });
    if (this.#entries.size > this.#maxEntries) this.#entries.pop();
  }

  onConnected(): void {
    this.isConnected = true;
    this.allChanged();
  }

  onDisconnected(): void {
    this.isConnected = false;
    this.allChanged();
  }

  onInvalidated(keys: readonly string[] | 'all'): void {
    this.changed(keys);
  }

  /** Drops keys that have changed. */
  changed(keys: readonly string[] | 'all'): void {
    if (keys === 'all') return this.allChanged();
    for (const key of keys) this.#change(key);
  }

  /** Drops keys at the start or the end of a write of this process. */
  written(keys: readonly string[]): void {
    for (const key of keys) this.#change(key).writes++;
  }

  /** Drops the keys that pass a test, at the start or the end of a write of this process. */
  writtenWhere(isWritten: (key: string) => boolean): void {
    for (const counters of this.#counters) {
      if (counters === undefined) continue;
      counters.changes++;
      counters.writes++;
    }
    for (const key of [...this.#entries.keys()].filter(isWritten)) this.#remove(key);
    for (const group of this.#underWay) group.forgetAll();
  }

  /** Drops everything. */
  allChanged(): void {
    for (const counters of this.#counters) if (counters !== undefined) counters.changes++;
    this.#entries.clear();
    for (const group of this.#underWay) group.forgetAll();
  }

  /** Drops a key that has changed. Returns its counters. */
  #change(key: string): Counters {
    const counters = this.#countersOf(key);
    counters.changes++;
    this.#remove(key);
    for (const group of this.#underWay) group.forget(key);
    return counters;
  }

  #countersOf(key: string): Counters {
    return (this.#counters[indexOf(key)] ??= { changes: 0, writes: 0 });
  }

  /** Removes an entry. The library clears its whole storage with the last one, which is slow: a placeholder prevents that. */
  #remove(key: string): void {
    if (this.#entries.size === 1 && this.#entries.has(key)) {
      this.#entries.set(PLACEHOLDER, NO_ENTRY, { size: 1 });
    }
    this.#entries.delete(key);
  }

  get #placeholderCount(): number {
    return this.#entries.has(PLACEHOLDER) ? 1 : 0;
  }
}

/** Returns the index of a key's counters. */
function indexOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 16)) & (COUNTERS - 1);
}

/** Approximate bytes of an object, an array or one of their members besides its content. */
const OVERHEAD = 16;

/**
 * Freezes a value of plain objects, arrays and dates at every depth, so that readers can share it. Returns its approximate size in
 * bytes. The setters of a frozen date throw `TypeError`.
 */
export function freeze(value: unknown): number {
  const pending = [value];
  let size = 0;
  for (const each of pending) {
    size += OVERHEAD;
    if (typeof each === 'string') size += each.length;
    if (typeof each !== 'object' || each === null) continue;
    if (each instanceof Date) {
      if (Object.getPrototypeOf(each) === Date.prototype) Object.setPrototypeOf(each, frozenDate);
      size += OVERHEAD;
    } else if (ArrayBuffer.isView(each)) size += each.byteLength;
    else {
      const members: readonly unknown[] = Array.isArray(each) ? each : Object.values(each);
      for (const member of members) pending.push(member);
      size += OVERHEAD * members.length;
      Object.freeze(each);
    }
  }
  return size;
}

const frozenDate: object = Object.create(
  Date.prototype,
  Object.fromEntries(
    Object.getOwnPropertyNames(Date.prototype)
      .filter((name) => name.startsWith('set'))
      .map((name) => [name, { value: refuse }]),
  ),
);

function refuse(): never {
  throw new TypeError('A date from the cache is shared and cannot be changed; copy it first');
}
