import { anyValue } from '@quantumtrade/dal-domain';
import type { CacheBackend, InvalidationListener } from '@quantumtrade/dal-domain';
import { sleep } from '@quantumtrade/dal-runtime';
import { until } from '@quantumtrade/dal-testing';

/** Keeps the values that it reads until they are invalidated, and reads them again then. */
export class Mirror implements InvalidationListener {
  readonly values = new Map<string, unknown>();
  readonly #versions = new Map<string, number>();
  readonly #stopListening: () => void;
  readonly #reading: Promise<unknown>;
  #epoch = 0;
  #isConnected = false;
  #isOver = false;

  constructor({ cache, invalidations }: CacheBackend, keys: readonly string[]) {
    this.#stopListening = invalidations.listen(this);
    this.#reading = Promise.all(keys.map((key) => this.#read(key, () => cache.get(key, anyValue))));
  }

  onConnected(): void {
    this.#begin(true);
  }

  onDisconnected(): void {
    this.#begin(false);
  }

  onInvalidated(keys: readonly string[] | 'all'): void {
    if (keys === 'all') return this.#begin(true);
    for (const key of keys) {
      this.values.delete(key);
      this.#versions.set(key, this.#versionOf(key) + 1);
    }
  }

  /** Resolves when it holds `count` values. */
  holds(count: number): Promise<void> {
    return until(async () => this.values.size === count);
  }

  /** Resolves when it has received an invalidation of `marker`, which is changed after all others. */
  settled(change: () => Promise<unknown>): Promise<void> {
    return until(async () => {
      const [epoch, version] = [this.#epoch, this.#versionOf('marker')];
      await change();
      await sleep(10);
      return this.#isConnected && this.#epoch === epoch && this.#versionOf('marker') > version;
    });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#stopListening();
    await this.#reading;
  }

  async #read(key: string, load: () => Promise<unknown>): Promise<void> {
    for (; !this.#isOver; await sleep(1)) {
      if (!this.#isConnected || this.values.has(key)) continue;
      const [epoch, version] = [this.#epoch, this.#versionOf(key)];
      const value = await load().catch(() => null);
      const isCurrent = epoch === this.#epoch && version === this.#versionOf(key);
      if (isCurrent && value !== null) this.values.set(key, value);
    }
  }

  #versionOf(key: string): number {
    return this.#versions.get(key) ?? 0;
  }

  #begin(isConnected: boolean): void {
    this.#isConnected = isConnected;
    this.#epoch++;
    this.values.clear();
  }
}
