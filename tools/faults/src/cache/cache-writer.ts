import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Random } from '@quantumtrade/dal-testing';
import { absentInDatabase, completed, inDatabase, marker } from './cache-keys.js';

const RETRY_MS = 20;

/** New version of some keys in the cache. */
export interface VersionChange {
  readonly keys: readonly [number, ...number[]];
  readonly version: number;
  /** Whether the keys have no value. */
  readonly isAbsent: boolean;
}

/** Client that changes values in the cache. A failed call may or may not have been applied. */
export interface CacheClient {
  /** Applies a change. Resolves when no server has an older value. Returns the keys whose change notifies listeners. */
  apply(change: VersionChange): Promise<readonly number[]>;
  /** Writes a name of which every listener is notified. */
  announce(name: string): Promise<unknown>;
  /** Closes the client. Pending calls fail. */
  stop(): void;
}

/**
 * Only writer of its keys: changes them first in the database, then in the cache. Retries until a change is applied.
 */
export class CacheWriter {
  readonly #client: CacheClient;
  readonly #database: Redis;
  readonly #keys: readonly number[];
  readonly #random: Random;
  #version = 1;
  #isStopped = false;

  constructor(client: CacheClient, database: Redis, keys: readonly number[], random: Random) {
    this.#client = client;
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
    this.#client.stop();
  }

  async #change(): Promise<void> {
    const change = {
      keys: this.#chooseKeys(),
      version: ++this.#version,
      isAbsent: this.#random.chance(0.15),
    };
    const { keys, version, isAbsent } = change;
    const stored = keys.flatMap((key) =>
      isAbsent ? [inDatabase(key), -version, absentInDatabase(key), version] : [inDatabase(key), version],
    );
    await this.#database.mset(stored);
    const notified = await this.#retry(() => this.#client.apply(change));
    await this.#database.mset(keys.flatMap((key) => [completed(key), version]));
    for (const key of notified) await this.#retry(() => this.#client.announce(marker(key, version)));
  }

  #chooseKeys(): VersionChange['keys'] {
    const first = this.#random.below(this.#keys.length);
    const one = this.#keys[first]!;
    if (this.#random.chance(0.8)) return [one];
    return [one, this.#keys[(first + 1) % this.#keys.length]!];
  }

  async #retry<T>(call: () => Promise<T>): Promise<T> {
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
