import type { CacheInvalidations, InvalidationListener } from '@quantumtrade/dal-domain';
import type { RedisClients } from '../connection/redis-client.js';
import type { ChangeChannel } from './change-channel.js';
import { InvalidationConnections } from './invalidation-connections.js';

/** One call of `listen`, and whether its listener has been notified that it is connected. */
interface Subscription {
  readonly listener: InvalidationListener;
  isConnected: boolean;
}

/** Invalidations port on Redis. Its connections are open while there is a listener. */
export class RedisInvalidations implements CacheInvalidations {
  readonly #clients: RedisClients;
  /** Undefined when invalidation is off: listeners stay disconnected. */
  readonly #channel: ChangeChannel | undefined;
  readonly #subscriptions = new Set<Subscription>();
  readonly #closing = new Set<Promise<void>>();
  #connections: InvalidationConnections | undefined;
  #isUp = false;
  #isClosed = false;

  constructor(clients: RedisClients, channel: ChangeChannel | undefined) {
    this.#clients = clients;
    this.#channel = channel;
  }

  listen(listener: InvalidationListener): () => void {
    if (this.#isClosed || !this.#channel) return () => undefined;
    const subscription = { listener, isConnected: false };
    this.#subscriptions.add(subscription);
    this.#connections ??= this.#open(this.#channel);
    queueMicrotask(() => this.#notifyConnected(subscription));
    return () => {
      if (this.#subscriptions.delete(subscription) && this.#subscriptions.size === 0)
        this.#closeConnections();
    };
  }

  disconnectedReason(): string | undefined {
    return this.#channel ? this.#connections?.disconnectedReason : 'invalidation is off in the settings';
  }

  connectionCount(): number {
    return this.#connections?.count ?? 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#notifyDisconnected();
    this.#subscriptions.clear();
    this.#closeConnections();
    await Promise.all(this.#closing);
  }

  #open(channel: ChangeChannel): InvalidationConnections {
    return new InvalidationConnections(this.#clients, channel, {
      onConnected: () => {
        this.#isUp = true;
        for (const subscription of this.#subscriptions) this.#notifyConnected(subscription);
      },
      onDisconnected: () => this.#notifyDisconnected(),
      onInvalidated: (keys) => {
        for (const { listener, isConnected } of this.#subscriptions) {
          if (isConnected) listener.onInvalidated(keys);
        }
      },
    });
  }

  #closeConnections(): void {
    const closed = this.#connections?.close();
    this.#connections = undefined;
    this.#isUp = false;
    if (!closed) return;
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }

  #notifyConnected(subscription: Subscription): void {
    if (!this.#isUp || subscription.isConnected || !this.#subscriptions.has(subscription)) return;
    subscription.isConnected = true;
    subscription.listener.onConnected();
  }

  #notifyDisconnected(): void {
    this.#isUp = false;
    for (const subscription of this.#subscriptions) {
      if (!subscription.isConnected) continue;
      subscription.isConnected = false;
      subscription.listener.onDisconnected();
    }
  }
}
