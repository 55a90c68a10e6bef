import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import { Cluster } from 'ioredis';
import { closeClient } from '../connection/lifecycle.js';
import type { RedisClient } from '../connection/redis-client.js';
import { patchConnection } from '../driver/patch-client.js';

/** Interval at which all watchers are notified without a message, because messages may be lost. */
const POLL_INTERVAL_MS = 2_000;

/**
 * Notifies watchers of appends to streams, by the messages that accompany the appends. A message is only a hint to read: a lost one
 * costs two seconds, and after a reconnection all watchers are notified. One connection, opened for the first watcher, receives
 * the messages of all. In a cluster, whose nodes forward messages to each other, it is the cluster client's own subscriber.
 */
export class AppendNotices {
  readonly #client: RedisClient;
  readonly #keyPrefix: string;
  /** Its event names are the channels: the keys with the prefix. */
  readonly #watchers = new EventEmitter().setMaxListeners(0);
  readonly #pollTimer: NodeJS.Timeout;
  #connection: RedisClient | undefined;
  #isClosed = false;

  constructor(client: RedisClient, keyPrefix: string, pollIntervalMs = POLL_INTERVAL_MS) {
    this.#client = client;
    this.#keyPrefix = keyPrefix;
    this.#pollTimer = setInterval(() => this.#notifyAll(), pollIntervalMs).unref();
  }

  /** Calls `onNotice` for each key that may have been appended to, until the returned function is called. */
  watch(keys: readonly string[], onNotice: (key: string) => void): () => void {
    const listeners = keys.map((key) => [this.#keyPrefix + key, () => onNotice(key)] as const);
    const added = listeners.map(([channel]) => channel).filter((channel) => !this.#isWatched(channel));
    for (const [channel, listener] of listeners) this.#watchers.on(channel, listener);
    this.#subscribe(added);
    return () => {
      for (const [channel, listener] of listeners) this.#watchers.off(channel, listener);
      const removed = listeners.map(([channel]) => channel).filter((channel) => !this.#isWatched(channel));
      if (removed.length > 0) this.#connection?.unsubscribe(...removed).catch(() => undefined);
    };
  }

  /** Returns the number of its own open connections. */
  connectionCount(): number {
    return this.#connection !== this.#client && this.#connection?.status === 'ready' ? 1 : 0;
  }

  /** Notifies all watchers, whose reads then fail. Resolves when its connection has ended. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#isClosed = true;
    clearInterval(this.#pollTimer);
    this.#notifyAll();
    if (connection && connection !== this.#client) await closeClient(connection);
  }

  #subscribe(channels: string[]): void {
    if (this.#isClosed || channels.length === 0) return;
    this.#connection ??= this.#connect();
    if (this.#connection.status !== 'ready') return;
    // No message announces what was appended before the server had the subscription.
    const notify = () => channels.forEach((channel) => this.#watchers.emit(channel));
    this.#connection.subscribe(...channels).then(notify, () => undefined);
  }

  #connect(): RedisClient {
    const connection = this.#client instanceof Cluster ? this.#client : openConnection(this.#client as Redis);
    connection.on('message', (channel: string) => this.#watchers.emit(channel));
    connection.on('ready', () => this.#subscribe(this.#channels()));
    return connection;
  }

  #channels(): string[] {
    return this.#watchers.eventNames() as string[];
  }

  #isWatched(channel: string): boolean {
    return this.#watchers.listenerCount(channel) > 0;
  }

  #notifyAll(): void {
    for (const channel of this.#channels()) this.#watchers.emit(channel);
  }
}

function openConnection(client: Redis): Redis {
  const connection = client.duplicate({ autoResubscribe: false });
  patchConnection(connection);
  return connection;
}
