import { randomUUID } from 'node:crypto';
import type { Cache, TimeSource, Decoder } from '@quantumtrade/dal-domain';
import { CacheError } from '@quantumtrade/dal-domain';

const ATTEMPTS = 5;

/** Decoder of the texts that a storage adapter of Keyv stores. */
export const textDecoder: Decoder<string> = {
  parse: (value) => {
    if (typeof value === 'string') return value;
    throw new TypeError('not text');
  },
};

/**
 * Returns the generation of a namespace: a random name under `key`, created when there is none, with which its values are
 * marked. It lives for at least `ttlMs`, so that values with at most that time to live never outlive it.
 *
 * Deleting the generation clears the namespace, because no value has the mark of a later generation. If the store loses the
 * generation, values are hidden, and cleared values never reappear.
 */
export async function currentGeneration(
  cache: Cache,
  clock: TimeSource,
  key: string,
  ttlMs: number,
): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await cache.getEntry(key, textDecoder);
    if (found !== null && found.expiresAt - clock.now() >= ttlMs) return found.value;
    const generation = found?.value ?? randomUUID();
    // Twice the time, so that it is renewed once per `ttlMs` and not by each write.
    if (await cache.setIfUnchanged(key, found?.value, generation, (2 * ttlMs) / 1_000)) return generation;
  }
  throw new CacheError('the generation of the namespace kept changing', { operation: 'keyv.set' });
}
