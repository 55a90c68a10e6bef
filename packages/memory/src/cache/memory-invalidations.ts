import type { CacheInvalidations, InvalidationListener } from '@quantumtrade/dal-domain';
import type { ExpiringStore } from './expiring-store.js';

/** Invalidations port in memory: listeners are notified of a change before the call that makes it returns. */
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
