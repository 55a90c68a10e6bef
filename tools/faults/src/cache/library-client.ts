import type { CoherentKeyspace } from '@quantumtrade/dal-cache';
import { CoherentCache } from '@quantumtrade/dal-cache';
import type { CacheBackend } from '@quantumtrade/dal-domain';
import type { RedisSettings } from '@quantumtrade/dal-redis';
import { connectRedis } from '@quantumtrade/dal-redis';
import type { Random } from '@quantumtrade/dal-testing';
import { keyParts, VERSIONS } from './cache-keys.js';
import type { CacheClient, VersionChange } from './cache-writer.js';

const ANNOUNCEMENT_TTL_SECONDS = 1;
const BUDGET_MS = 100;

/** A cache of this library. Without tracking, it publishes its own invalidations. */
export class LibraryClient implements CacheClient {
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

  async apply({ keys, version, isAbsent }: VersionChange): Promise<readonly number[]> {
    const list = keys.map(keyParts);
    const isMany = this.#random.chance(0.5);
    if (isAbsent || this.#random.chance(0.3)) {
      if (this.#random.chance(0.3)) return this.#deleteWhere(keys);
      if (isMany) await this.#versions.deleteMany(list);
      else for (const parts of list) await this.#versions.delete(parts);
    } else if (isMany) await this.#versions.setMany(list.map((parts) => [parts, version]));
    else for (const parts of list) await this.#versions.set(parts, version);
    return keys;
  }

  /** Deletes by pattern. Returns the keys that held a value: the deletion of other keys causes no notification. */
  async #deleteWhere(keys: readonly number[]): Promise<readonly number[]> {
    const found: number[] = [];
    for (const key of keys) {
      const { featureName } = keyParts(key);
      if ((await this.#backend.cache.deleteWhere(VERSIONS.pattern, { featureName })) > 0) found.push(key);
    }
    return found;
  }

  announce(name: string): Promise<void> {
    return this.#backend.cache.set(name, '', ANNOUNCEMENT_TTL_SECONDS);
  }

  stop(): void {
    this.#cache.close();
    void this.#backend.probe.close();
  }
}
