import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@quantumtrade/dal-journal/testing/random';
import { Redis } from 'ioredis';
import { cached, done, inDatabase, marker } from './keys.js';

const MARKER_MS = 1_000;

/**
 * A client that knows nothing of our cache and changes keys that nobody else does: first in the database, then in the cache,
 * in all the ways that Redis has. It takes its time when the server does, and loses no change.
 */
export class ForeignWriter {
  readonly #redis: Redis;
  readonly #database: Redis;
  readonly #keys: readonly number[];
  readonly #random: Random;
  #version = 1;

  constructor(url: string, database: Redis, keys: readonly number[], random: Random) {
    this.#redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    this.#redis.on('error', () => undefined);
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
    this.#redis.disconnect();
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
    else if (chosen < 0.2) return this.#filter(keys, (name) => this.#redis.del(name));
    else if (chosen < 0.3) return this.#filter(keys, (name) => this.#expire(name, version));
    else if (keys.length > 1) await this.#redis.mset(names.flatMap((name) => [name, version]));
    else if (chosen < 0.6) await this.#redis.set(names[0]!, version, 'PX', 20);
    else await this.#redis.set(names[0]!, version);
    return keys;
  }

  async #filter(
    keys: readonly number[],
    change: (name: string) => Promise<number>,
  ): Promise<readonly number[]> {
    const changes = await Promise.all(keys.map((key) => change(cached(key))));
    return keys.filter((_, i) => changes[i]! > 0);
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
