import { anyValue } from '@quantumtrade/dal-domain';
import { setTimeout as delay } from 'node:timers/promises';
import type { CoherentCacheOptions, KeyspaceOptions } from '@quantumtrade/dal-cache';
import { CoherentCache } from '@quantumtrade/dal-cache';
import type { Decoder, FeatureSet } from '@quantumtrade/dal-domain';
import { connectRedis } from '@quantumtrade/dal-redis';
import type { LoadingSide, ManySide } from './side.js';
import { featureKeyspace, TTL_SECONDS } from './values.js';

export interface TwoLevels extends LoadingSide, ManySide {
  /** The value in this process, if any. */
  peek(symbol: string): FeatureSet | undefined;
}

/** The Redis adapter's cache, without anything in process; what it reads is checked by the decoder. */
export function secondLevel(url: string, prefix: string, decoder: Decoder<unknown> = anyValue): ManySide {
  const { cache, probe } = connectRedis({ url, invalidation: 'none', budgetMs: 10_000 });
  const keyOf = (symbol: string) => `${prefix}${symbol}`;
  return {
    get: (symbol) => cache.get(keyOf(symbol), decoder),
    set: (symbol, value) => cache.set(keyOf(symbol), toJson(value), TTL_SECONDS),
    delete: (symbol) => cache.delete(keyOf(symbol)),
    getMany: (symbols) => cache.getMany(symbols.map(keyOf), decoder),
    setMany: (values) =>
      cache.setMany(
        values.map((value) => ({ key: keyOf(value.symbol), value: toJson(value), ttlSeconds: TTL_SECONDS })),
      ),
    close: () => probe.close(),
  };
}

/** The general cache refuses what JSON cannot keep, such as a `Date`. */
const toJson = (value: FeatureSet): object => ({ ...value, timestamp: value.timestamp.toISOString() });

/** The coherent cache on both levels, its invalidations connected. */
export async function twoLevels(
  url: string,
  keyPrefix: string,
  {
    maxEntries,
    ttlSeconds = featureKeyspace.ttlSeconds,
    ...options
  }: Pick<CoherentCacheOptions, 'maxEntries'> & KeyspaceOptions & { ttlSeconds?: number } = {},
): Promise<TwoLevels> {
  const backend = connectRedis({ url, keyPrefix, budgetMs: 10_000 });
  const cache = new CoherentCache(backend, {
    budgetMs: BUDGET_MS,
    ...(maxEntries !== undefined && { maxEntries }),
  });
  const keyspace = cache.keyspace({ ...featureKeyspace, ttlSeconds }, options);
  while (!cache.health().isConnected) await delay(1);
  return {
    peek: (symbol) => keyspace.peek({ symbol }),
    get: (symbol) => keyspace.get({ symbol }),
    set: (symbol, value) => keyspace.set({ symbol }, value),
    delete: (symbol) => keyspace.delete({ symbol }),
    getMany: (symbols) => keyspace.getMany(symbols.map((symbol) => ({ symbol }))),
    setMany: (values) => keyspace.setMany(values.map((value) => [{ symbol: value.symbol }, value] as const)),
    getOrLoad: (symbol, load) => keyspace.getOrLoad({ symbol }, load),
    close() {
      cache.close();
      return backend.probe.close();
    },
  };
}

/** A busy machine is to make calls slow, not to end them. */
const BUDGET_MS = 10_000;
