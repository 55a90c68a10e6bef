import { randomUUID } from 'node:crypto';
import { connectRedis } from '@quantumtrade/dal-redis';
import type { CacheBackend } from '@quantumtrade/dal-domain';
import { createCache } from 'cache-manager';
import { Cacheable } from 'cacheable';
import { Keyv } from 'keyv';
import { KeyvStore } from './keyv-store.js';

const quote = { symbol: 'AAPL', price: 185.2, tags: ['live'] };

let backend: CacheBackend;
beforeEach(() => {
  backend = connectRedis({ url: process.env['REDIS_URL']!, keyPrefix: `${randomUUID()}:`, budgetMs: 10_000 });
});
afterEach(() => backend.probe.close());

const openStore = () => new KeyvStore(backend.cache, { maxTtlMs: 60_000 });

describe('cache-manager', () => {
  const open = () => createCache({ stores: [new Keyv({ store: openStore() })], ttl: 30_000 });

  it('an instance reads what another has set', async () => {
    const [writer, reader] = [open(), open()];
    await writer.set('one', quote);
    await writer.mset<number | string>([
      { key: 'two', value: 2 },
      { key: 'three', value: 'three', ttl: 5_000 },
    ]);
    expect(await reader.get('one')).toEqual(quote);
    expect(await reader.mget(['one', 'two', 'none', 'three'])).toEqual([quote, 2, undefined, 'three']);
  });

  it('a wrapped value is loaded once for all instances', async () => {
    let loads = 0;
    const load = async () => ({ ...quote, load: ++loads });
    expect(await open().wrap('key', load)).toEqual({ ...quote, load: 1 });
    expect(await open().wrap('key', load)).toEqual({ ...quote, load: 1 });
  });

  it('deletions and clears apply to all instances', async () => {
    const [writer, reader] = [open(), open()];
    await writer.mset([
      { key: '1', value: 1 },
      { key: '2', value: 2 },
      { key: '3', value: 3 },
    ]);
    await writer.del('1');
    expect(await reader.mget(['1', '2', '3'])).toEqual([undefined, 2, 3]);
    await writer.clear();
    expect(await reader.mget(['1', '2', '3'])).toEqual([undefined, undefined, undefined]);
  });
});

describe('cacheable with the store as secondary', () => {
  const open = () => new Cacheable({ secondary: new Keyv({ store: openStore() }), ttl: '30s' });

  it('an instance reads what another has set', async () => {
    const writer = open();
    await writer.set('one', quote);
    await writer.setMany([
      { key: 'two', value: 2 },
      { key: 'three', value: 'three', ttl: '5s' },
    ]);
    expect(await open().get('one')).toEqual(quote);
    expect(await open().getMany(['one', 'two', 'none', 'three'])).toEqual([quote, 2, undefined, 'three']);
    expect(await open().hasMany(['two', 'none'])).toEqual([true, false]);
  });

  it('a value is loaded once for all instances', async () => {
    let loads = 0;
    const load = async () => ({ ...quote, load: ++loads });
    expect(await open().getOrSet('key', load)).toEqual({ ...quote, load: 1 });
    expect(await open().getOrSet('key', load)).toEqual({ ...quote, load: 1 });
  });

  it('deletions and clears apply to instances without the value', async () => {
    const writer = open();
    await writer.setMany([
      { key: '1', value: 1 },
      { key: '2', value: 2 },
      { key: '3', value: 3 },
    ]);
    await writer.deleteMany(['1', '2']);
    expect(await open().getMany(['1', '2', '3'])).toEqual([undefined, undefined, 3]);
    await writer.clear();
    expect(await open().get('3')).toBeUndefined();
  });

  it('the store itself can be the secondary', async () => {
    await new Cacheable({ secondary: openStore() }).set('key', quote);
    expect(await new Cacheable({ secondary: openStore() }).get('key')).toEqual(quote);
  });
});
