import type { CacheInvalidations, InvalidationListener } from '@quantumtrade/dal-domain';
import type { ExpiringStore } from './expiring-store.js';

/** The invalidations port in memory: changes are told before the call that makes them returns. */
export class MemoryInvalidations implements CacheInvalidations {
  readonly #store: ExpiringStore;

  constructor(store: ExpiringStore) {
    this.#store = store;
  }

  listen(listener: InvalidationListener): () => void {
    let stop: (() => void) | undefined;
    let isOver = false;
    queueMicrotask(() => {
      if (isOver || this.#store.isClosed) return;
      stop = this.#store.watch({
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
}
