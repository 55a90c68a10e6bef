import { setTimeout as delay } from 'node:timers/promises';
import type { InvalidationListener } from '@quantumtrade/dal-domain';
import type { Redis } from 'ioredis';
import type { Notice } from './keys.js';
import { answers, changeOf, done, isQuestion, KEY_COUNT, KEYS, NOTICE, readersOf } from './keys.js';

const LOOK_EVERY_MS = 50;

/**
 * What a process cannot but know: of each key the oldest version that a read which begins now may give. While connected, that is
 * the last change it was told of, or that was done so long ago that it must have been told of it; while not, the last change that
 * was done.
 */
export class Knowledge implements InvalidationListener {
  readonly name: string;
  readonly #database: Redis;
  readonly #oldest: number[] = new Array(KEY_COUNT).fill(0);
  #isConnected = false;
  #untold: readonly number[] = [];
  /** Grows when the connection comes or goes. */
  #session = 0;

  constructor(name: string, database: Redis) {
    this.name = name;
    this.#database = database;
  }

  /** Whether it is told of changes of the key, as far as it is told and can be true. */
  isTold(key: number): boolean {
    return this.#isConnected && !this.#untold.includes(key);
  }

  oldestOf(key: number): number {
    return this.#oldest[key]!;
  }

  /** Takes notice, if nobody tells it, of the last change that is done. */
  async inquire(key: number): Promise<void> {
    if (this.isTold(key)) return;
    const session = this.#session;
    const version = Number(await this.#database.get(done(key)));
    if (session === this.#session) this.#know(key, version);
  }

  /** Takes notice of every change that was done so long ago, told or not, and of what it is to know besides. */
  async watch(boundMs: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const [notice, ...versions] = await this.#database.mget(NOTICE, ...KEYS.map(done));
      if (notice) await this.#heed(JSON.parse(notice) as Notice);
      void this.#learn(versions.map(Number), boundMs);
      await delay(LOOK_EVERY_MS);
    }
  }

  onConnected(): void {
    this.#isConnected = true;
    this.#session++;
  }

  onDisconnected(): void {
    this.#isConnected = false;
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

  async #heed({ n, untold }: Notice): Promise<void> {
    this.#untold = untold;
    await this.#database.sadd(readersOf(n), this.name);
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
