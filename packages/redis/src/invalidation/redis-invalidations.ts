import type { CacheInvalidations, InvalidationListener } from '@quantumtrade/dal-domain';
import type { RedisClients } from '../connection/clients.js';
import type { Announcements } from './change-channel.js';
import { ListeningConnections } from './invalidation-connections.js';

/** One call of `listen`, and whether its listener was told that it is connected. */
interface Ear {
  readonly listener: InvalidationListener;
  isConnected: boolean;
}

/** The invalidations port on Redis. There are no connections for it until somebody listens, nor when nobody does any more. */
export class RedisInvalidations implements CacheInvalidations {
  readonly #clients: RedisClients;
  /** Undefined where there are none: listeners stay disconnected. */
  readonly #announcements: Announcements | undefined;
  readonly #ears = new Set<Ear>();
  readonly #ending = new Set<Promise<void>>();
  #connections: ListeningConnections | undefined;
  #isUp = false;
  #isClosed = false;

  constructor(clients: RedisClients, announcements: Announcements | undefined) {
    this.#clients = clients;
    this.#announcements = announcements;
  }

  listen(listener: InvalidationListener): () => void {
    if (this.#isClosed || !this.#announcements) return () => undefined;
    const ear = { listener, isConnected: false };
    this.#ears.add(ear);
    this.#connections ??= this.#connect(this.#announcements);
    queueMicrotask(() => this.#tellConnected(ear));
    return () => {
      if (this.#ears.delete(ear) && this.#ears.size === 0) this.#disconnect();
    };
  }

  trouble(): string | undefined {
    return this.#announcements ? this.#connections?.trouble : 'the settings say that none is to be told';
  }

  connectionCount(): number {
    return this.#connections?.count ?? 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#tellDisconnected();
    this.#ears.clear();
    this.#disconnect();
    await Promise.all(this.#ending);
  }

  #connect(announcements: Announcements): ListeningConnections {
    return new ListeningConnections(this.#clients, announcements, {
      onConnected: () => {
        this.#isUp = true;
        for (const ear of this.#ears) this.#tellConnected(ear);
      },
      onDisconnected: () => this.#tellDisconnected(),
      onInvalidated: (keys) => {
        for (const { listener, isConnected } of this.#ears) if (isConnected) listener.onInvalidated(keys);
      },
    });
  }

  #disconnect(): void {
    const ended = this.#connections?.close();
    this.#connections = undefined;
    this.#isUp = false;
    if (!ended) return;
    this.#ending.add(ended);
    void ended.then(() => this.#ending.delete(ended));
  }

  #tellConnected(ear: Ear): void {
    if (!this.#isUp || ear.isConnected || !this.#ears.has(ear)) return;
    ear.isConnected = true;
    ear.listener.onConnected();
  }

  #tellDisconnected(): void {
    this.#isUp = false;
    for (const ear of this.#ears) {
      if (!ear.isConnected) continue;
      ear.isConnected = false;
      ear.listener.onDisconnected();
    }
  }
}
