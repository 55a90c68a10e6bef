import type { Cache, CacheInvalidations, InvalidationListener } from '@quantumtrade/dal-domain';
import { keyspaces } from '@quantumtrade/dal-domain';
import type { Clock } from '@quantumtrade/dal-runtime';
import { CoherentCache } from '../coherent-cache.js';
import type { KeyspaceOptions } from '../options.js';

/** Lets the scheduler decide when to go on. */
export type Schedule = (label: string) => Promise<void>;

/** A change told, and the value that the key had at least by then. */
interface Told {
  readonly key: number;
  readonly value: number;
}

/** A process of the model: its cache, what it has surely heard of, and the connection by which it hears. */
export class ModelProcess implements CacheInvalidations {
  readonly features;
  readonly cache;
  /** By key: the value whose writing this process has been told of, by others or by its own write's success. */
  readonly known: number[];
  /** Whether it has been told that it hears of everything. */
  isConnected = false;
  readonly #name: string;
  readonly #schedule: Schedule;
  #listener: InvalidationListener | undefined;
  /** Replaced with every connection: what an old one carried is not told. */
  #carried: Told[] | undefined;

  constructor(name: string, cache: Cache, clock: Clock, schedule: Schedule, options: KeyspaceOptions) {
    this.#name = name;
    this.#schedule = schedule;
    this.known = [];
    this.cache = new CoherentCache(
      { cache, invalidations: this },
      { clock, random: () => 0, maxEntries: 10, deleteWhereMs: 1_000 },
    );
    this.features = this.cache.keyspace({ ...keyspaces.featureValue, ttlSeconds: 2 }, options);
  }

  listen(listener: InvalidationListener): () => void {
    this.#listener = listener;
    return () => undefined;
  }

  knows(key: number, value: number): void {
    this.known[key] = Math.max(this.known[key] ?? 0, value);
  }

  /** Everything that the second level holds by now is known: it is read from there. */
  connect(held: readonly number[]): void {
    this.isConnected = true;
    this.#carried = [];
    held.forEach((value, key) => this.knows(key, value));
    this.#listener!.onConnected();
  }

  /** The connection is lost, which is noticed later; still later there is a new one. */
  async reconnect(held: () => readonly number[]): Promise<void> {
    if (this.#carried === undefined) return;
    this.#carried = undefined;
    await this.#schedule(`${this.#name} notices the loss of its connection`);
    this.isConnected = false;
    this.#listener!.onDisconnected();
    for (let attempts = 1; attempts <= 10; attempts++) await this.#schedule(`${this.#name} connects`);
    this.connect(held());
  }

  /** A change on its way to this process, behind those that are on their way already. */
  carry(key: number, name: string, value: number): void {
    const carried = this.#carried;
    carried?.push({ key, value });
    void this.#schedule(`${this.#name} is told of ${name}`).then(() => {
      if (carried === undefined || carried !== this.#carried) return;
      const told = carried.shift()!;
      this.knows(told.key, told.value);
      this.#listener!.onInvalidated([KEYS[told.key]!]);
    });
  }
}

const NAMES = ['a', 'b'] as const;
export const partsOf = (key: number) => ({ symbol: 'S', featureName: NAMES[key]! });
export const KEYS = NAMES.map((name) => `features:S:${name}`);
