import type { CacheBackend } from '@quantumtrade/dal-domain';
import { HearingListener } from '@quantumtrade/dal-conformance';
import { anything } from './connected.js';
import { sleep, until } from './redis-process.js';

/** Keeps values that it reads for as long as nothing says that they have changed, and reads them again then. */
export class Mirror extends HearingListener {
  readonly values = new Map<string, unknown>();
  readonly #versions = new Map<string, number>();
  readonly #stopListening: () => void;
  readonly #reading: Promise<unknown>;
  #epoch = 0;
  #isConnected = false;
  #isOver = false;

  constructor({ cache, invalidations }: CacheBackend, keys: readonly string[]) {
    super();
    this.#stopListening = invalidations.listen(this);
    this.#reading = Promise.all(keys.map((key) => this.#read(key, () => cache.get(key, anything))));
  }

  override onConnected(): void {
    this.#begin(true);
    super.onConnected();
  }

  override onDisconnected(): void {
    this.#begin(false);
    super.onDisconnected();
  }

  override onInvalidated(keys: readonly string[] | 'all'): void {
    if (keys === 'all') this.#begin(true);
    else {
      for (const key of keys) {
        this.values.delete(key);
        this.#versions.set(key, this.#versionOf(key) + 1);
      }
    }
    super.onInvalidated(keys);
  }

  /** Resolves when so many values are in it. */
  holds(count: number): Promise<void> {
    return until(async () => this.values.size === count);
  }

  /** Resolves when it was told of a change that was made after all others. */
  async settled(change: () => Promise<unknown>): Promise<void> {
    await until(async () => {
      const from = this.heard.length;
      await change();
      await Promise.race([this.until('marker', from), sleep(200)]);
      return this.#isConnected && this.heard.slice(from).join() === 'marker';
    });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#stopListening();
    await this.#reading;
  }

  async #read(key: string, load: () => Promise<unknown>): Promise<void> {
    while (!this.#isOver) {
      const [epoch, version] = [this.#epoch, this.#versionOf(key)];
      const value = await load().catch(() => undefined);
      const isCurrent = epoch === this.#epoch && version === this.#versionOf(key);
      if (this.#isConnected && isCurrent && value !== undefined && value !== null)
        this.values.set(key, value);
      await sleep(1);
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
