import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Random } from '@quantumtrade/dal-testing';
import { absentInDatabase, done, inDatabase, marker } from './keys.js';

const RETRY_MS = 20;

/** What the cache is to hold of some keys from now on. */
export interface Change {
  readonly keys: readonly [number, ...number[]];
  readonly version: number;
  /** Whether there is no value any more. */
  readonly isAbsent: boolean;
}

/** A client that changes what the cache holds. Its calls may fail, and then have been done or not. */
export interface CacheWrites {
  /** Resolves when no server holds anything older; with the keys of whose change listeners are told. */
  make(change: Change): Promise<readonly number[]>;
  /** Has every listener be told of a name. */
  tell(name: string): Promise<unknown>;
  /** Whatever it waits for fails. */
  stop(): void;
}

/**
 * Changes keys that nobody else does: first in the database, then in the cache. It takes its time when the server does, and loses
 * no change.
 */
export class Writer {
  readonly #writes: CacheWrites;
  readonly #database: Redis;
  readonly #keys: readonly number[];
  readonly #random: Random;
  #version = 1;
  #isStopped = false;

  constructor(writes: CacheWrites, database: Redis, keys: readonly number[], random: Random) {
    this.#writes = writes;
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

  stop(): void {
    this.#isStopped = true;
    this.#writes.stop();
  }

  async #change(): Promise<void> {
    const change = { keys: this.#some(), version: ++this.#version, isAbsent: this.#random.chance(0.15) };
    const { keys, version, isAbsent } = change;
    const stored = keys.flatMap((key) =>
      isAbsent ? [inDatabase(key), -version, absentInDatabase(key), version] : [inDatabase(key), version],
    );
    await this.#database.mset(stored);
    const told = await this.#insist(() => this.#writes.make(change));
    await this.#database.mset(keys.flatMap((key) => [done(key), version]));
    for (const key of told) await this.#insist(() => this.#writes.tell(marker(key, version)));
  }

  #some(): Change['keys'] {
    const first = this.#random.below(this.#keys.length);
    const one = this.#keys[first]!;
    if (this.#random.chance(0.8)) return [one];
    return [one, this.#keys[(first + 1) % this.#keys.length]!];
  }

  async #insist<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (this.#isStopped) throw error;
        await delay(RETRY_MS);
      }
    }
  }
}
