import type { CacheInvalidations } from '@quantumtrade/dal-domain';

/** Invalidations that report to be connected and never announce a change. */
export const SILENT_INVALIDATIONS: CacheInvalidations = {
  listen: (listener) => {
    queueMicrotask(() => listener.onConnected());
    return () => undefined;
  },
};
