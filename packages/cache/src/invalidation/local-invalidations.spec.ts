import { CacheError, keyspaces } from '@quantumtrade/dal-domain';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { CoherentCache } from '../coherent-cache.js';

const KEY = 'market:A:latest';
const OTHER_KEYS = ['market:A:tick', 'features:A:latest'];
const { pattern } = keyspaces.latestMarketData;

/** A cache with pending removals, and both ways to delete by pattern. */
function open() {
  const backend = memoryCacheBackend();
  const coherent = new CoherentCache(backend);
  const { local } = coherent;
  const bars = coherent.keyspace(keyspaces.latestMarketData);
  local.addPendingRemovals([...OTHER_KEYS, KEY, 'market:B:latest']);
  const deletions = {
    'the shared cache': (parts: object) => local.cache.deleteWhere(pattern, parts),
    'a keyspace': (parts: object) => bars.deleteWhere(parts),
  };
  return { cache: backend.cache, local, deletions };
}

describe.each(['the shared cache', 'a keyspace'] as const)('deleteWhere of %s', (way) => {
  it('deleteWhere settles pending removals of the deleted keys', async () => {
    const { local, deletions } = open();
    await deletions[way]({ symbol: 'A' });
    expect([...local.pendingRemovals]).toEqual([...OTHER_KEYS, 'market:B:latest']);
    await deletions[way]({});
    expect([...local.pendingRemovals]).toEqual(OTHER_KEYS);
  });

  it('deleteWhere leaves removals pending when it fails', async () => {
    const { cache, local, deletions } = open();
    cache.deleteWhere = () => Promise.reject(new CacheError('read-only', { operation: 'test' }));
    await expect(deletions[way]({})).rejects.toThrow('read-only');
    expect(local.pendingRemovals).toContain(KEY);
  });

  it('deleteWhere leaves a removal pending that fails while it runs', async () => {
    const { local, deletions } = open();
    const deletion = deletions[way]({});
    local.addPendingRemovals([KEY]);
    await deletion;
    expect(local.pendingRemovals).toContain(KEY);
  });
});
