import type { Cache, CacheInvalidations, InvalidationListener } from '@quantumtrade/dal-domain';
import { keyspaces } from '@quantumtrade/dal-domain';
import type { Clock } from '@quantumtrade/dal-runtime';
import { CoherentCache } from '../coherent-cache.js';
import type { KeyspaceOptions } from '../options.js';

/** Waits until the scheduler continues a step. */
export type Schedule = (label: string) => Promise<void>;

/** A notification, and a value that the key had by then or an older one. */
interface Notification {
  readonly key: number;
  readonly value: number;
}

/** A simulated process: its cache, the values that it has been notified of, and its invalidation connection. */
export class SimulatedProcess implements CacheInvalidations {
  readonly features;
  readonly cache;
  /** By key: the value whose write this process has been notified of, or has made itself. */
  readonly known: number[];
  /** Whether the invalidations have reported to be connected. */
  isConnected = false;
  readonly #name: string;
  readonly #schedule: Schedule;
  #listener: InvalidationListener | undefined;
  /** Notifications under way; each connection has its own list. */
  #underWay: Notification[] | undefined;

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

  noteKnown(key: number, value: number): void {
    this.known[key] = Math.max(this.known[key] ?? 0, value);
  }

  /** Connects. Everything that the second level holds is known from now on: it is read from there. */
  connect(held: readonly number[]): void {
    this.isConnected = true;
    this.#underWay = [];
    held.forEach((value, key) => this.noteKnown(key, value));
    this.#listener!.onConnected();
  }

  /** Loses the connection, notices that later, and connects again still later. */
  async reconnect(held: () => readonly number[]): Promise<void> {
    if (this.#underWay === undefined) return;
    this.#underWay = undefined;
    await this.#schedule(`${this.#name} notices the loss of its connection`);
    this.isConnected = false;
    this.#listener!.onDisconnected();
    for (let attempts = 1; attempts <= 10; attempts++) await this.#schedule(`${this.#name} connects`);
    this.connect(held());
  }

  /** Sends a notification to this process, behind those under way. */
  send(key: number, name: string, value: number): void {
    const connection = this.#underWay;
    connection?.push({ key, value });
    void this.#schedule(`${this.#name} is notified of ${name}`).then(() => {
      if (connection === undefined || connection !== this.#underWay) return;
      const { key: changed, value: written } = connection.shift()!;
      this.noteKnown(changed, written);
      this.#listener!.onInvalidated([SIMULATED_KEYS[changed]!]);
    });
  }
}

const NAMES = ['a', 'b'] as const;
export const simulatedParts = (key: number) => ({ symbol: 'S', featureName: NAMES[key]! });
export const SIMULATED_KEYS = NAMES.map((name) => `features:S:${name}`);
