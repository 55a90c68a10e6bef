import { setTimeout as delay } from 'node:timers/promises';
import type { CacheBackend } from '@quantumtrade/dal-domain';
import type { Random } from '@quantumtrade/dal-journal/testing/random';
import { connectRedis } from '@quantumtrade/dal-redis';
import { Redis } from 'ioredis';
import { cached, done, inDatabase, marker, partsOf, VERSIONS } from './keys.js';

const MARKER_MS = 1_000;

/**
 * A client that knows nothing of our cache and changes keys that nobody else does: first in the database, then in the cache,
 * in all the ways that Redis has, and by looking for them. It takes its time when the server does, and loses no change.
 */
export class ForeignWriter {
  readonly #redis: Redis;
  readonly #backend: CacheBackend;
  readonly #database: Redis;
  readonly #keys: readonly number[];
  readonly #random: Random;
  #version = 1;
  #isStopped = false;

  constructor(url: string, database: Redis, keys: readonly number[], random: Random) {
    this.#redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    this.#redis.on('error', () => undefined);
    this.#backend = connectRedis({ url });
    this.#database = database;
    this.#keys = keys;
    this.#random = random;
  }

  get changes(): number {
    return this.#version - 1;
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#change();
      await delay(this.#random.below(4));
    }
  }

  /** Whatever it waits for fails. */
  stop(): void {
    this.#isStopped = true;
    this.#redis.disconnect();
    void this.#backend.probe.close();
  }

  async #change(): Promise<void> {
    const version = ++this.#version;
    const keys = this.#some();
    await this.#database.mset(keys.flatMap((key) => [inDatabase(key), version]));
    const changed = await this.#invalidate(keys, version);
    await this.#database.mset(keys.flatMap((key) => [done(key), version]));
    for (const key of changed) await this.#redis.set(marker(key, version), '', 'PX', MARKER_MS);
  }

  #some(): readonly [number, ...number[]] {
    const first = this.#random.below(this.#keys.length);
    const one = this.#keys[first]!;
    if (this.#random.chance(0.8)) return [one];
    return [one, this.#keys[(first + 1) % this.#keys.length]!];
  }

  /** The keys of which the cache held anything, or does now: of others it tells nobody. */
  async #invalidate(keys: readonly [number, ...number[]], version: number): Promise<readonly number[]> {
    const names = keys.map(cached);
    const chosen = this.#random.next();
    if (chosen < 0.01) await this.#redis.flushall();
    else if (chosen < 0.2) return this.#filter(keys, (key) => this.#redis.del(cached(key)));
    else if (chosen < 0.3) return this.#filter(keys, (key) => this.#expire(cached(key), version));
    else if (chosen < 0.4) return this.#filter(keys, (key) => this.#lookFor(key));
    else if (keys.length > 1) await this.#redis.mset(names.flatMap((name) => [name, version]));
    else if (chosen < 0.6) await this.#redis.set(names[0]!, version, 'PX', 20);
    else await this.#redis.set(names[0]!, version);
    return keys;
  }

  async #filter(
    keys: readonly number[],
    change: (key: number) => Promise<number>,
  ): Promise<readonly number[]> {
    const changes = await Promise.all(keys.map(change));
    return keys.filter((_, i) => changes[i]! > 0);
  }

  async #lookFor(key: number): Promise<number> {
    const { featureName } = partsOf(key);
    for (;;) {
      try {
        return await this.#backend.cache.deleteWhere(VERSIONS.pattern, { featureName });
      } catch (error) {
        if (this.#isStopped) throw error;
        await delay(50);
      }
    }
  }

  /**
   * Until nothing older is held. The mark of a load begun before may be, on which the load would still store its value. How
   * often there was anything.
   */
  async #expire(name: string, version: number): Promise<number> {
    for (let times = 0; ;) {
      times += await this.#redis.pexpire(name, 1);
      const text = await this.#redis.get(name);
      if (text === null || Number(text) >= version) return times;
    }
  }
}
