import { randomUUID } from 'node:crypto';
import type { Cache, TimeSource, Decoder } from '@quantumtrade/dal-domain';
import { CacheError } from '@quantumtrade/dal-domain';

const ATTEMPTS = 5;

/** Everything that an adapter stores is text. */
export const text: Decoder<string> = {
  parse: (value) => {
    if (typeof value === 'string') return value;
    throw new TypeError('not text');
  },
};

/**
 * The generation that a namespace's next values belong to: a random name under `key`, made when there is none. It stays
 * for `lifeMs` at least, so that values which live no longer than that never outlive it.
 *
 * A namespace is cleared by deleting its generation: no value belongs to one that comes later. The same happens when the
 * store loses it, so that a loss can hide values but never bring back cleared ones.
 */
export async function currentGeneration(
  cache: Cache,
  clock: TimeSource,
  key: string,
  lifeMs: number,
): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await cache.getEntry(key, text);
    if (found !== null && found.expiresAt - clock.now() >= lifeMs) return found.value;
    const generation = found?.value ?? randomUUID();
    // Twice the time, so that it is renewed once in a life and not by each write.
    if (await cache.setIfUnchanged(key, found?.value, generation, (2 * lifeMs) / 1_000)) return generation;
  }
  throw new CacheError('the generation of the namespace kept changing', { operation: 'keyv.set' });
}
