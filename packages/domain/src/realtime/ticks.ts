import { ValidationError } from '../errors.js';
import { keyspaces } from '../keyspaces/keyspaces.js';
import type { MarketData } from '../records/market-data.js';
import { decodeCacheValue, encodeCacheValue, encodeFor } from './cache-value.js';

/** The JSON texts of a symbol's ticks; throws `ValidationError` when any of them is wrong or another symbol's. */
export function encodeTicks(symbol: string, ticks: readonly MarketData<true>[], operation: string): string[] {
  if (!Array.isArray(ticks)) throw new ValidationError('ticks', 'must be a list', { operation });
  return Array.from(ticks, (tick: MarketData<true>) => {
    const encoded = encodeFor(keyspaces.marketStream, tick) as { symbol: string };
    if (encoded.symbol === symbol) return encodeCacheValue(encoded, operation);
    throw new ValidationError('symbol', 'must be the symbol of the stream', { operation });
  });
}

/** The ticks of a stream's JSON texts; throws `CacheError` when any of them is not one. */
export function decodeTicks(texts: readonly string[], operation: string): MarketData<true>[] {
  return texts.map((text) => decodeCacheValue(text, keyspaces.marketStream.codec, operation));
}
