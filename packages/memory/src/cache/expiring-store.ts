import type {
  CacheInvalidations,
  CallOptions,
  InvalidationListener,
  TimeSource,
} from '@quantumtrade/dal-domain';
import { CacheError, checkCall, ConnectionError, WRONG_TYPE } from '@quantumtrade/dal-domain';

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

/** Looks on from outside. Its methods must not throw. */
export interface StoreWatcher {
  changed(key: string): void;
  closed(): void;
}

const SMALLEST_SWEEP = 1_024;

/**
 * The keyspace that all in-memory cache ports share, as those of Redis do. Every key has an end. Listeners are notified of a change
 * before the call that makes it returns.
 */
export class ExpiringStore implements CacheInvalidations {
  readonly clock: TimeSource;
  readonly #entries = new Map<string, { content: Content; expiresAt: number }>();
  readonly #watchers = new Set<StoreWatcher>();
  #sweepAt = SMALLEST_SWEEP;
  #closed = false;

  constructor(clock: TimeSource) {
    this.clock = clock;
  }

  /** Begins a call: checks its options and that the store is open. */
  enter(options: CallOptions | undefined, operation: string): void {
    if (options !== undefined) checkCall(options, operation);
    if (this.#closed) throw new ConnectionError('the cache is closed', { operation, retryable: false });
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
    if (notify) for (const watcher of this.#watchers) watcher.changed(key);
  }

  /** True when the key was there. */
  delete(key: string): boolean {
    if (this.#live(key) === undefined) return false;
    this.#entries.delete(key);
    for (const watcher of this.#watchers) watcher.changed(key);
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

  ttlMs(key: string): number | null {
    const expiresAt = this.expiresAt(key);
    return expiresAt === undefined ? null : expiresAt - this.clock.now();
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

  listen(listener: InvalidationListener): () => void {
    let stop: (() => void) | undefined;
    let isOver = false;
    queueMicrotask(() => {
      if (isOver || this.#closed) return;
      stop = this.watch({
        changed: (key) => listener.onInvalidated([key]),
        closed: () => listener.onDisconnected(),
      });
      listener.onConnected();
    });
    return () => {
      isOver = true;
      stop?.();
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#entries.clear();
    for (const watcher of this.#watchers) watcher.closed();
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
