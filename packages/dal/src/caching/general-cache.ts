import type { Cache } from '@quantumtrade/dal-domain';
import { requireUnreserved, requireUnreservedPattern } from '@quantumtrade/dal-domain';

/** The cache port that anybody may call: keys of sessions and auth contexts are refused with `ValidationError`. */
export function generalCache(cache: Cache): Cache {
  const checked = (key: unknown, operation: string) => requireUnreserved(key, `cache.${operation}`);
  const checkedAll = (keys: unknown, operation: string) => {
    if (Array.isArray(keys)) for (const key of keys as unknown[]) checked(key, operation);
  };
  return {
    get: async (key, ...rest) => (checked(key, 'get'), cache.get(key, ...rest)),
    getEntry: async (key, ...rest) => (checked(key, 'getEntry'), cache.getEntry(key, ...rest)),
    getEntryOrSet: async (key, ...rest) => (checked(key, 'getEntryOrSet'), cache.getEntryOrSet(key, ...rest)),
    getMany: async (keys, ...rest) => (checkedAll(keys, 'getMany'), cache.getMany(keys, ...rest)),
    getEntries: async (keys, ...rest) => (checkedAll(keys, 'getEntries'), cache.getEntries(keys, ...rest)),
    set: async (key, ...rest) => (checked(key, 'set'), cache.set(key, ...rest)),
    setMany: async (entries, ...rest) => {
      if (Array.isArray(entries))
        checkedAll(
          Array.from(entries, (entry) => entry?.key as unknown),
          'setMany',
        );
      return cache.setMany(entries, ...rest);
    },
    setIfNewer: async (key, ...rest) => (checked(key, 'setIfNewer'), cache.setIfNewer(key, ...rest)),
    setIfUnchanged: async (key, ...rest) => (
      checked(key, 'setIfUnchanged'),
      cache.setIfUnchanged(key, ...rest)
    ),
    replaceIfNewer: async (key, ...rest) => (
      checked(key, 'replaceIfNewer'),
      cache.replaceIfNewer(key, ...rest)
    ),
    delete: async (key, ...rest) => (checked(key, 'delete'), cache.delete(key, ...rest)),
    deleteMany: async (keys, ...rest) => (checkedAll(keys, 'deleteMany'), cache.deleteMany(keys, ...rest)),
    deleteWhere: async (pattern, parts, ...rest) => {
      requireUnreservedPattern(pattern, parts, 'cache.deleteWhere');
      return cache.deleteWhere(pattern, parts, ...rest);
    },
    exists: async (key, ...rest) => (checked(key, 'exists'), cache.exists(key, ...rest)),
  };
}
