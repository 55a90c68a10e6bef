/**
 * Is notified of changes of cached values by any process: writes, deletions, evictions. Expiry may be reported late or not at
 * all; `CacheEntry.expiresAt` gives it beforehand. The methods must not throw.
 */
export interface InvalidationListener {
  /** From now on every change is reported. Values read before may have changed unnoticed. */
  onConnected(): void;
  /** From now on changes may go unnoticed, until `onConnected`. */
  onDisconnected(): void;
  /** These keys, or all, may have other values now, or none. Comes only while connected, and may name more than changed. */
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
   * Why listeners are disconnected, e.g. what the server answers to who may not listen; undefined while they are connected
   * and while it is not known. No secrets. Where it is missing, there is never a reason.
   */
  disconnectedReason?(): string | undefined;
}
