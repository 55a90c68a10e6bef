import type { Cache } from '@quantumtrade/dal-domain';
import type { TransactionCache } from '../transactions/transaction-applier.js';

/** Invalidates the keys of each write, however often the cache fails. */
export const transactionCache = (cache: Cache): TransactionCache => ({
  cache,
  write: async (keys, write) => {
    try {
      return await write();
    } finally {
      for (let isDone = false; !isDone;) {
        await cache.deleteMany(keys).then(
          () => (isDone = true),
          () => undefined,
        );
      }
    }
  },
});
