/**
 * Receives changes of cached values by any process: writes, deletions, evictions. Expiry may be reported late or not at
 * all; use `CacheEntry.expiresAt` for it. The methods must not throw.
 */
export interface InvalidationListener {
  /** Called when the connection reports every change from now on. Values read before may have changed unnoticed. */
  onConnected(): void;
  /** Called when changes may go unnoticed until `onConnected`. */
  onDisconnected(): void;
  /** Called when these keys, or all, may have changed. Called only while connected; may name unchanged keys. */
  onInvalidated(keys: readonly string[] | 'all'): void;
}

/** Reports changes in a cache that other processes write to as well. Writes of this process are reported too. */
export interface CacheInvalidations {
  /**
   * Listens until the returned function is called. It begins disconnected: `onConnected` is called after this call has
   * returned, once changes are reported, and again after every loss of the connection. A change is reported after it has
   * happened, as soon as the connection delivers it. Closing the backend calls `onDisconnected`.
   */
  listen(listener: InvalidationListener): () => void;
  /**
   * Returns why listeners are disconnected, e.g. the server's refusal; undefined while they are connected
   * and while the reason is unknown. It contains no secrets. A backend without the method never has a reason.
   */
  disconnectedReason?(): string | undefined;
}
