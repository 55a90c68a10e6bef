/**
 * Hears what happens to the values of a cache, whoever does it: writes, deletions, evictions. The end of a value's time
 * may be told late or not at all: `CacheEntry.expiresAt` tells it beforehand. The methods must not throw.
 */
export interface InvalidationListener {
  /** From now on every change is told. What was known before may have changed unheard. */
  onConnected(): void;
  /** From now on changes may go unheard, until `onConnected`. */
  onDisconnected(): void;
  /** These keys, or all, may have other values now, or none. Comes only while connected, and may name more than changed. */
  onInvalidated(keys: readonly string[] | 'all'): void;
}

/** Tells of changes in a cache that other processes write to, too. What this process writes itself is told as well. */
export interface CacheInvalidations {
  /**
   * Listens, until the function returned is called. Begins disconnected: `onConnected` comes after this call has
   * returned, once changes are told, and after every loss of the connection again. A change is told after it has
   * happened, as soon as the connection carries it. `onDisconnected` comes with the end of the backend, too.
   */
  listen(listener: InvalidationListener): () => void;
  /**
   * Why listeners are disconnected, e.g. what the server answers to who may not listen; undefined while they are connected
   * and while it is not known. No secrets. Where it is missing, there is never a reason.
   */
  disconnectedReason?(): string | undefined;
}
