import { ValidationError } from '../errors.js';
import { keyspaces } from '../keyspaces/keyspaces.js';
import type { MarketData } from '../records/market-data.js';
import { decodeCacheValue, encodeCacheValue, encodeFor } from './cache-value.js';

/** Returns the JSON texts of a symbol's ticks; throws `ValidationError` when one is invalid or of another symbol. */
export function encodeTicks(symbol: string, ticks: readonly MarketData<true>[], operation: string): string[] {
  if (!Array.isArray(ticks)) throw new ValidationError('ticks', 'must be a list', { operation });
  return Array.from(ticks, (tick: MarketData<true>) => {
    const encoded = encodeFor(keyspaces.marketStream, tick) as { symbol: string };
    if (encoded.symbol === symbol) return encodeCacheValue(encoded, operation);
    throw new ValidationError('symbol', 'must be the symbol of the stream', { operation });
  });
}

/** Returns the ticks of a stream's JSON texts; throws `CacheError` when one is invalid. */
export function decodeTicks(texts: readonly string[], operation: string): MarketData<true>[] {
  return texts.map((text) => decodeCacheValue(text, keyspaces.marketStream.codec, operation));
}
