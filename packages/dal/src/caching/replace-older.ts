import type { Cache, CallOptions, Keyspace } from '@quantumtrade/dal-domain';
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
 * Replaces what is cached and older than these values, and removes what cannot be compared with them. Returns the keys: none
 * of them holds anything older now.
 */
export async function replaceOlder(
  cache: Cache,
  latest: readonly Latest[],
  options: CallOptions,
): Promise<Set<string>> {
  await Promise.all(
    latest.map(async ({ keyspace, value }) => {
      const encoded = encodeFor(keyspace, value) as { timestamp: string };
      await cache.replaceIfNewer(latestKey({ keyspace, value }), encoded, keyspace.ttlSeconds, options);
    }),
  );
  return new Set(latest.map(latestKey));
}
