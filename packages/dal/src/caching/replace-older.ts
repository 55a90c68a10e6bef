import type { Cache, CallOptions, Decoder, Keyspace } from '@quantumtrade/dal-domain';
import { encodeFor, keyOf } from '@quantumtrade/dal-domain';

/** A latest value of a symbol that was written to the store. */
export interface Latest {
  readonly keyspace: Keyspace<string, Timed>;
  readonly value: Timed;
}

interface Timed {
  readonly symbol: string;
  readonly timestamp: Date;
}

export const latestKey = ({ keyspace: { pattern }, value: { symbol } }: Latest): string =>
  keyOf<`{symbol}`>(pattern as `{symbol}`, { symbol });

/**
 * Replaces what is cached and older than these values. Returns the keys that hold the value or a later one; what the
 * others hold has to be forgotten: of two values of one instant only the store knows which wins, and what is marked as being
 * loaded may be older or later. `Cache.replaceIfNewer` would take such a mark for old.
 */
export async function replaceOlder(
  cache: Cache,
  latest: readonly Latest[],
  options: CallOptions,
): Promise<Set<string>> {
  const kept = new Set<string>();
  await Promise.all(
    latest.map(async (each) => {
      const { keyspace, value } = each;
      const key = latestKey(each);
      const cached = await cache.get(key, readable(keyspace.codec), options);
      if (!cached || +cached.timestamp === +value.timestamp) return;
      const isLater = +cached.timestamp > +value.timestamp;
      const replace = () =>
        cache.setIfUnchanged(
          key,
          encodeFor(keyspace, cached),
          encodeFor(keyspace, value),
          keyspace.ttlSeconds,
          options,
        );
      if (isLater || (await replace())) kept.add(key);
    }),
  );
  return kept;
}

/** Gives null for what is not a value, a mark for instance. */
const readable = <T>(codec: Decoder<T>): Decoder<T | null> => ({
  parse(stored) {
    try {
      return codec.parse(stored);
    } catch {
      return null;
    }
  },
});
