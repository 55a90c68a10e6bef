import type {
  Cache,
  CacheEntry,
  CacheWrite,
  CallOptions,
  Decoder,
  KeyParts,
  SetIfUnchangedOptions,
  TimeSource,
} from '@quantumtrade/dal-domain';
import {
  CacheError,
  checkCall,
  ConnectionError,
  decodeCacheValue,
  encodeCacheValue,
  encodeCacheWrite,
  encodeCacheWrites,
  keysWhere,
  requireKey,
  requireKeys,
  splitNotify,
  WRONG_TYPE,
} from '@quantumtrade/dal-domain';
import type { Timed } from './timed-value.js';
import { encodeTimed, timestampIn } from './timed-value.js';

/** An allowed request to a rate limiter. */
interface Counted {
  readonly at: number;
  readonly cost: number;
}

/** Content of a key: a text, a list of texts, or a log of requests by their instants. */
type Content =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'list'; readonly value: readonly string[] }
  | { readonly kind: 'log'; readonly value: readonly Counted[] };

type ContentOf<K extends Content['kind']> = Extract<Content, { kind: K }>['value'];

/** Its methods must not throw. */
interface StoreWatcher {
  onInvalidated(keys: readonly string[]): void;
  onDisconnected(): void;
}

const SMALLEST_SWEEP = 1_024;

/**
 * The keyspace that all in-memory cache ports share, as those of Redis do. Every key has an end. Watchers are notified of a change
 * before the call that makes it returns.
 */
export class ExpiringStore {
  readonly clock: TimeSource;
  readonly #entries = new Map<string, { content: Content; expiresAt: number }>();
  readonly #watchers = new Set<StoreWatcher>();
  #sweepAt = SMALLEST_SWEEP;
  /** Only `close` changes it. */
  isClosed = false;

  constructor(clock: TimeSource) {
    this.clock = clock;
  }

  /** Begins a call: checks its options and that the store is open. */
  enter(options: CallOptions | undefined, operation: string): void {
    if (options !== undefined) checkCall(options, operation);
    if (this.isClosed) throw new ConnectionError('the cache is closed', { operation, retryable: false });
  }

  /** Throws `CacheError` when the key holds content of another kind. */
  read<K extends Content['kind']>(key: string, kind: K, operation: string): ContentOf<K> | undefined {
    const content = this.#live(key)?.content;
    if (content === undefined || content.kind === kind) return content?.value as ContentOf<K> | undefined;
    throw new CacheError(WRONG_TYPE, { operation, retryable: false });
  }

  /** The text that the key holds; undefined when it holds none. */
  text(key: string): string | undefined {
    const content = this.#live(key)?.content;
    return content?.kind === 'text' ? content.value : undefined;
  }

  write(key: string, content: Content, ttlMs: number, notify = true): void {
    this.#entries.set(key, { content, expiresAt: this.clock.now() + ttlMs });
    if (this.#entries.size >= this.#sweepAt) this.#sweep();
    if (notify) for (const watcher of this.#watchers) watcher.onInvalidated([key]);
  }

  /** True when the key was there. */
  delete(key: string): boolean {
    if (this.#live(key) === undefined) return false;
    this.#entries.delete(key);
    for (const watcher of this.#watchers) watcher.onInvalidated([key]);
    return true;
  }

  has(key: string): boolean {
    return this.#live(key) !== undefined;
  }

  keys(): string[] {
    this.#sweep();
    return [...this.#entries.keys()];
  }

  expiresAt(key: string): number | undefined {
    return this.#live(key)?.expiresAt;
  }

  /** Entries held, expired ones that were not yet removed included. */
  get size(): number {
    return this.#entries.size;
  }

  /** Notifies a watcher of every write and deletion, not of expiry, until the returned function is called. */
  watch(watcher: StoreWatcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#entries.clear();
    for (const watcher of this.#watchers) watcher.onDisconnected();
    this.#watchers.clear();
  }

  #live(key: string): { content: Content; expiresAt: number } | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.clock.now() < entry.expiresAt) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  /** Removes what has expired, and comes again when as much was added as is left: a constant cost per write. */
  #sweep(): void {
    const now = this.clock.now();
    for (const [key, { expiresAt }] of this.#entries) {
      if (now >= expiresAt) this.#entries.delete(key);
    }
    this.#sweepAt = Math.max(SMALLEST_SWEEP, this.#entries.size * 2);
  }
}

/** The cache port in memory. Values are kept as JSON text, so that no caller shares an object with another. */
export class MemoryCache implements Cache {
  readonly #store: ExpiringStore;

  constructor(store: ExpiringStore) {
    this.#store = store;
  }

  async get<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<T | null> {
    requireKey(key, 'cache.get');
    this.#store.enter(options, 'cache.get');
    const text = this.#store.read(key, 'text', 'cache.get');
    return text === undefined ? null : decodeCacheValue(text, decoder, 'cache.get');
  }

  async getEntry<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<CacheEntry<T> | null> {
    requireKey(key, 'cache.getEntry');
    this.#store.enter(options, 'cache.getEntry');
    return this.#entry(key, decoder, 'cache.getEntry');
  }

  async getEntryOrSet<T>(
    key: string,
    decoder: Decoder<T>,
    value: unknown,
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<CacheEntry<T> | null> {
    const operation = 'cache.getEntryOrSet';
    const { text, ttlMs } = encodeCacheWrite({ key, value, ttlSeconds }, operation);
    this.#store.enter(options, operation);
    const entry = this.#entry(key, decoder, operation);
    if (entry === null) this.#store.write(key, { kind: 'text', value: text }, ttlMs);
    return entry;
  }

  async getMany<T>(
    keys: readonly string[],
    decoder: Decoder<T>,
    options?: CallOptions,
  ): Promise<(T | null)[]> {
    requireKeys(keys, 'cache.getMany');
    this.#store.enter(options, 'cache.getMany');
    return keys.map((key) => {
      const text = this.#store.text(key);
      return text === undefined ? null : decodeCacheValue(text, decoder, 'cache.getMany');
    });
  }

  async getEntries<T>(
    keys: readonly string[],
    decoder: Decoder<T>,
    options?: CallOptions,
  ): Promise<(CacheEntry<T> | null)[]> {
    requireKeys(keys, 'cache.getEntries');
    this.#store.enter(options, 'cache.getEntries');
    return keys.map((key) => this.#entry(key, decoder, 'cache.getEntries'));
  }

  async set(key: string, value: unknown, ttlSeconds: number, options?: CallOptions): Promise<void> {
    const { text, ttlMs } = encodeCacheWrite({ key, value, ttlSeconds }, 'cache.set');
    this.#store.enter(options, 'cache.set');
    this.#store.write(key, { kind: 'text', value: text }, ttlMs);
  }

  async setMany(entries: readonly CacheWrite[], options?: CallOptions): Promise<void> {
    const writes = encodeCacheWrites(entries, 'cache.setMany');
    this.#store.enter(options, 'cache.setMany');
    for (const { key, text, ttlMs } of writes) this.#store.write(key, { kind: 'text', value: text }, ttlMs);
  }

  async setIfNewer(key: string, value: Timed, ttlSeconds: number, options?: CallOptions): Promise<boolean> {
    const { text, ttlMs, timestamp } = encodeTimed(value, ttlSeconds, 'cache.setIfNewer');
    requireKey(key, 'cache.setIfNewer');
    this.#store.enter(options, 'cache.setIfNewer');
    const stored = timestampIn(this.#store.read(key, 'text', 'cache.setIfNewer'));
    if (stored !== undefined && stored > timestamp) return false;
    this.#store.write(key, { kind: 'text', value: text }, ttlMs);
    return true;
  }

  async replaceIfNewer(
    key: string,
    value: Timed,
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<boolean> {
    const { text, ttlMs, timestamp } = encodeTimed(value, ttlSeconds, 'cache.replaceIfNewer');
    requireKey(key, 'cache.replaceIfNewer');
    this.#store.enter(options, 'cache.replaceIfNewer');
    const stored = timestampIn(this.#store.read(key, 'text', 'cache.replaceIfNewer'));
    if (!this.#store.has(key) || (stored !== undefined && stored > timestamp)) return false;
    if (stored === undefined || stored === timestamp) {
      this.#store.delete(key);
      return false;
    }
    this.#store.write(key, { kind: 'text', value: text }, ttlMs);
    return true;
  }

  async setIfUnchanged(
    key: string,
    expected: unknown,
    value: unknown,
    ttlSeconds: number,
    options?: SetIfUnchangedOptions,
  ): Promise<boolean> {
    const operation = 'cache.setIfUnchanged';
    const { notify, limits } = splitNotify(options, operation);
    const { text, ttlMs } = encodeCacheWrite({ key, value, ttlSeconds }, operation);
    const before = expected === undefined ? undefined : encodeCacheValue(expected, operation);
    this.#store.enter(limits, operation);
    if (this.#store.read(key, 'text', operation) !== before) return false;
    this.#store.write(key, { kind: 'text', value: text }, ttlMs, notify);
    return true;
  }

  async delete(key: string, options?: CallOptions): Promise<boolean> {
    requireKey(key, 'cache.delete');
    this.#store.enter(options, 'cache.delete');
    return this.#store.delete(key);
  }

  async deleteMany(keys: readonly string[], options?: CallOptions): Promise<number> {
    requireKeys(keys, 'cache.deleteMany');
    this.#store.enter(options, 'cache.deleteMany');
    return keys.filter((key) => this.#store.delete(key)).length;
  }

  async deleteWhere<P extends string>(
    pattern: P,
    parts: Partial<KeyParts<P>>,
    options?: CallOptions,
  ): Promise<number> {
    const { has } = keysWhere(pattern, parts, 'cache.deleteWhere');
    this.#store.enter(options, 'cache.deleteWhere');
    return this.#store.keys().filter((key) => has(key) && this.#store.delete(key)).length;
  }

  async exists(key: string, options?: CallOptions): Promise<boolean> {
    requireKey(key, 'cache.exists');
    this.#store.enter(options, 'cache.exists');
    return this.#store.has(key);
  }

  #entry<T>(key: string, decoder: Decoder<T>, operation: string): CacheEntry<T> | null {
    const text = this.#store.read(key, 'text', operation);
    if (text === undefined) return null;
    return { value: decodeCacheValue(text, decoder, operation), expiresAt: this.#store.expiresAt(key)! };
  }
}
