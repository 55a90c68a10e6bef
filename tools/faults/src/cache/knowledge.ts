import { setTimeout as delay } from 'node:timers/promises';
import type { InvalidationListener } from '@quantumtrade/dal-domain';
import type { Redis } from 'ioredis';
import { answers, changeOf, done, isQuestion, KEY_COUNT, KEYS } from './keys.js';

const LOOK_EVERY_MS = 100;

/**
 * What a process cannot but know: of each key the oldest version that a read which begins now may give. While connected, that is
 * the last change it was told of, or that was done so long ago that it must have been told of it; while not, the last change that
 * was done.
 */
export class Knowledge implements InvalidationListener {
  isConnected = false;
  readonly name: string;
  readonly #database: Redis;
  readonly #oldest: number[] = new Array(KEY_COUNT).fill(0);
  /** Grows when the connection comes or goes. */
  #session = 0;

  constructor(name: string, database: Redis) {
    this.name = name;
    this.#database = database;
  }

  oldestOf(key: number): number {
    return this.#oldest[key]!;
  }

  /** Takes notice, if nobody tells it, of the last change that is done. */
  async inquire(key: number): Promise<void> {
    if (this.isConnected) return;
    const session = this.#session;
    const version = Number(await this.#database.get(done(key)));
    if (session === this.#session) this.#know(key, version);
  }

  /** Takes notice of every change that was done so long ago, told or not. */
  async watch(boundMs: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const versions = await this.#database.mget(KEYS.map(done));
      void this.#learn(versions.map(Number), boundMs);
      await delay(LOOK_EVERY_MS);
    }
  }

  onConnected(): void {
    this.isConnected = true;
    this.#session++;
  }

  onDisconnected(): void {
    this.isConnected = false;
    this.#session++;
  }

  onInvalidated(names: readonly string[] | 'all'): void {
    if (names === 'all') return;
    for (const name of names) {
      const change = changeOf(name);
      if (change) this.#know(change.key, change.version);
      if (isQuestion(name)) void this.#database.sadd(answers(name), this.name);
    }
  }

  /** A process that has got no time to run hears what has arrived before it knows. */
  async #learn(versions: readonly number[], boundMs: number): Promise<void> {
    await delay(boundMs, undefined, { ref: false });
    await delay(LOOK_EVERY_MS, undefined, { ref: false });
    for (const key of KEYS) this.#know(key, versions[key]!);
  }

  #know(key: number, version: number): void {
    this.#oldest[key] = Math.max(this.#oldest[key]!, version);
  }
}
