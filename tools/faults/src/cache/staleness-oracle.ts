import { setTimeout as delay } from 'node:timers/promises';
import type { InvalidationListener } from '@quantumtrade/dal-domain';
import type { Redis } from 'ioredis';
import type { Notice } from './cache-keys.js';
import {
  probeAnswers,
  parseMarker,
  completed,
  isProbe,
  KEY_COUNT,
  KEY_NUMBERS,
  NOTICE,
  readersOf,
} from './cache-keys.js';

const POLL_MS = 50;

/**
 * Oldest version of each key that a read which begins now may return. While the process is connected, that is the last change it
 * was notified of, or one completed longer ago than the staleness bound; while disconnected, the last completed change.
 */
export class StalenessOracle implements InvalidationListener {
  readonly name: string;
  readonly #database: Redis;
  readonly #oldest: number[] = new Array(KEY_COUNT).fill(0);
  #isConnected = false;
  #unreachableKeys: readonly number[] = [];
  /** Incremented when the connection is established or lost. */
  #session = 0;

  constructor(name: string, database: Redis) {
    this.name = name;
    this.#database = database;
  }

  /** Whether the process is connected and the key's server is up. */
  receivesInvalidations(key: number): boolean {
    return this.#isConnected && !this.#unreachableKeys.includes(key);
  }

  oldestOf(key: number): number {
    return this.#oldest[key]!;
  }

  /** Reads the last completed change from the database when the process receives no invalidations. */
  async refresh(key: number): Promise<void> {
    if (this.receivesInvalidations(key)) return;
    const session = this.#session;
    const version = Number(await this.#database.get(completed(key)));
    if (session === this.#session) this.#raise(key, version);
  }

  /** Polls for notices and for changes that were completed longer ago than the staleness bound. */
  async watch(stalenessBoundMs: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const [notice, ...versions] = await this.#database.mget(NOTICE, ...KEY_NUMBERS.map(completed));
      if (notice) await this.#acknowledge(JSON.parse(notice) as Notice);
      void this.#raiseAfter(versions.map(Number), stalenessBoundMs);
      await delay(POLL_MS);
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
      const change = parseMarker(name);
      if (change) this.#raise(change.key, change.version);
      if (isProbe(name)) void this.#database.sadd(probeAnswers(name), this.name);
    }
  }

  async #acknowledge({ n, unreachableKeys }: Notice): Promise<void> {
    this.#unreachableKeys = unreachableKeys;
    await this.#database.sadd(readersOf(n), this.name);
  }

  /** Raises the versions after the bound. The second wait lets a busy process handle invalidations first. */
  async #raiseAfter(versions: readonly number[], stalenessBoundMs: number): Promise<void> {
    await delay(stalenessBoundMs, undefined, { ref: false });
    await delay(POLL_MS, undefined, { ref: false });
    for (const key of KEY_NUMBERS) this.#raise(key, versions[key]!);
  }

  #raise(key: number, version: number): void {
    this.#oldest[key] = Math.max(this.#oldest[key]!, version);
  }
}
