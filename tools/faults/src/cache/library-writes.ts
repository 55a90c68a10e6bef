import type { CoherentKeyspace } from '@quantumtrade/dal-cache';
import { CoherentCache } from '@quantumtrade/dal-cache';
import type { CacheBackend } from '@quantumtrade/dal-domain';
import type { RedisSettings } from '@quantumtrade/dal-redis';
import { connectRedis } from '@quantumtrade/dal-redis';
import type { Random } from '@quantumtrade/dal-testing';
import { partsOf, VERSIONS } from './keys.js';
import type { CacheWrites, Change } from './writer.js';

const TOLD_SECONDS = 1;
const BUDGET_MS = 100;

/** One of our caches: what it writes, it tells itself where the server does not. */
export class LibraryWrites implements CacheWrites {
  readonly #backend: CacheBackend;
  readonly #cache: CoherentCache;
  readonly #versions: CoherentKeyspace<typeof VERSIONS.pattern, number>;
  readonly #random: Random;

  constructor(settings: RedisSettings, random: Random) {
    this.#backend = connectRedis(settings);
    this.#cache = new CoherentCache(this.#backend, { budgetMs: BUDGET_MS, breaker: { openMs: 20 } });
    this.#versions = this.#cache.keyspace(VERSIONS);
    this.#random = random;
  }

  async make({ keys, version, isAbsent }: Change): Promise<readonly number[]> {
    const list = keys.map(partsOf);
    const isMany = this.#random.chance(0.5);
    if (isAbsent || this.#random.chance(0.3)) {
      if (this.#random.chance(0.3)) return this.#lookFor(keys);
      if (isMany) await this.#versions.deleteMany(list);
      else for (const parts of list) await this.#versions.delete(parts);
    } else if (isMany) await this.#versions.setMany(list.map((parts) => [parts, version]));
    else for (const parts of list) await this.#versions.set(parts, version);
    return keys;
  }

  /** Those that were there: of others a deletion by pattern tells nobody. */
  async #lookFor(keys: readonly number[]): Promise<readonly number[]> {
    const found: number[] = [];
    for (const key of keys) {
      const { featureName } = partsOf(key);
      if ((await this.#backend.cache.deleteWhere(VERSIONS.pattern, { featureName })) > 0) found.push(key);
    }
    return found;
  }

  tell(name: string): Promise<void> {
    return this.#backend.cache.set(name, '', TOLD_SECONDS);
  }

  stop(): void {
    this.#cache.close();
    void this.#backend.probe.close();
  }
}
