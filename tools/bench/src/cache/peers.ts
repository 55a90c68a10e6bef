import KeyvRedis from '@keyv/redis';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import type { MemoryConfig } from 'bentocache/types';
import { Cacheable, Keyv, KeyvCacheableMemory } from 'cacheable';
import { Redis } from 'ioredis';
import type { FeatureSet } from '@quantumtrade/dal-domain';
import type { LoadingSide, ManySide } from './side.js';
import { TTL_SECONDS } from './values.js';

const TTL_MS = TTL_SECONDS * 1_000;

/** The driver, and JSON. */
export function rawRedis(url: string, prefix: string): ManySide {
  const redis = new Redis(url);
  const keyOf = (symbol: string) => `${prefix}${symbol}`;
  const parsed = (text: string | null): unknown => (text === null ? null : JSON.parse(text));
  return {
    get: async (symbol) => parsed(await redis.get(keyOf(symbol))),
    set: (symbol, value) => redis.set(keyOf(symbol), JSON.stringify(value), 'PX', TTL_MS),
    delete: (symbol) => redis.del(keyOf(symbol)),
    getMany: async (symbols) => (await redis.mget(symbols.map(keyOf))).map(parsed),
    setMany: (values) =>
      redis
        .pipeline(values.map((value) => ['set', keyOf(value.symbol), JSON.stringify(value), 'PX', TTL_MS]))
        .exec(),
    close: () => redis.quit(),
  };
}

/** On both levels and with its bus, or on Redis alone where nothing is said of the memory. */
export function bentocache(url: string, prefix: string, memory?: MemoryConfig): LoadingSide {
  const { hostname: host, port } = new URL(url);
  const connection = { host, port: Number(port) };
  const store = bentostore({ ttl: TTL_MS }).useL2Layer(redisDriver({ connection, prefix }));
  const cache = new BentoCache({
    default: 'features',
    stores: {
      features:
        memory === undefined
          ? store
          : store.useL1Layer(memoryDriver(memory)).useBus(redisBusDriver({ connection })),
    },
  });
  return {
    get: (key) => cache.get({ key }),
    set: (key, value: FeatureSet) => cache.set({ key, value }),
    delete: (key) => cache.delete({ key }),
    getOrLoad: (key, factory) => cache.getOrSet({ key, factory }),
    close: () => cache.disconnect(),
  };
}

/** On both levels, or on Redis alone. Values are shared with all readers, as ours are, and not cloned for each. */
export function cacheable(url: string, namespace: string, lruSize?: number): LoadingSide & ManySide {
  const redis = new Keyv({ store: new KeyvRedis(url, { namespace }), namespace, useKeyPrefix: false });
  const memory = new KeyvCacheableMemory({ lruSize: lruSize ?? 0, useClone: false });
  const cache = new Cacheable({
    ttl: TTL_MS,
    ...(lruSize === undefined
      ? { primary: redis }
      : { primary: new Keyv({ store: memory }), secondary: redis }),
  });
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.delete(key),
    getMany: (keys) => cache.getMany([...keys]),
    setMany: (values) => cache.setMany(values.map((value) => ({ key: value.symbol, value }))),
    getOrLoad: (key, load) => cache.getOrSet(key, load),
    close: () => cache.disconnect(),
  };
}
