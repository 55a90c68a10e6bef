import { ValidationError } from '../errors.js';
import { keyspaces } from '../keyspaces/keyspaces.js';
import type { MarketData } from '../records/market-data.js';
import { decodeCacheValue, encodeCacheValue } from './cache-json.js';
import { encodeFor } from './typed-keyspace.js';

/** The JSON texts of a stream's ticks; throws `ValidationError` when any of them is wrong. */
export function encodeTicks(ticks: readonly MarketData<true>[], operation: string): string[] {
  if (!Array.isArray(ticks)) throw new ValidationError('ticks', 'must be a list', { operation });
  return ticks.map((tick: MarketData<true>) =>
    encodeCacheValue(encodeFor(keyspaces.marketStream, tick), operation),
  );
}

/** The ticks of a stream's JSON texts; throws `CacheError` when any of them is not one. */
export function decodeTicks(texts: readonly string[], operation: string): MarketData<true>[] {
  return texts.map((text) => decodeCacheValue(text, keyspaces.marketStream.codec, operation));
}
