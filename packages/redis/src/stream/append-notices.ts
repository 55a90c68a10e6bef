import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import { Cluster } from 'ioredis';
import type { RedisClient } from '../connection/clients.js';
import { disconnected } from '../connection/connection.js';
import { bearErrors, limitHandshake } from '../driver/patches.js';
import { guardReplies } from '../driver/guard-replies.js';

/** How often every watcher looks by itself, because a message may have been lost. */
const LOOK_ANYWAY_MS = 2_000;

/**
 * Tells of appends to streams, by the messages that come with them. They are but a hint to look: one that is lost costs
 * two seconds, and after a reconnect all are told. One connection carries the messages for all watchers, opened for the
 * first of them; in a cluster, which spreads messages to all nodes, it is the cluster client's own for that purpose.
 */
export class AppendNotices {
  readonly #client: RedisClient;
  readonly #keyPrefix: string;
  /** Its events are the channels, which are the keys as the server knows them. */
  readonly #watchers = new EventEmitter().setMaxListeners(0);
  readonly #lookAnyway: NodeJS.Timeout;
  #connection: RedisClient | undefined;
  #isClosed = false;

  constructor(client: RedisClient, keyPrefix: string, lookAnywayMs = LOOK_ANYWAY_MS) {
    this.#client = client;
    this.#keyPrefix = keyPrefix;
    this.#lookAnyway = setInterval(() => this.#tellAll(), lookAnywayMs).unref();
  }

  /** Calls `onNotice` for each of the keys that may have been appended to, until the function returned is called. */
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

  /** Connections of its own that are open. */
  connectionCount(): number {
    return this.#connection !== this.#client && this.#connection?.status === 'ready' ? 1 : 0;
  }

  /** Tells all watchers, which find everything closed. Resolves when its connection has ended. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#isClosed = true;
    clearInterval(this.#lookAnyway);
    this.#tellAll();
    if (connection && connection !== this.#client) await disconnected(connection);
  }

  #subscribe(channels: string[]): void {
    if (this.#isClosed || channels.length === 0) return;
    this.#connection ??= this.#connect();
    if (this.#connection.status !== 'ready') return;
    // What was appended before the server had the subscription is not told.
    const tell = () => channels.forEach((channel) => this.#watchers.emit(channel));
    this.#connection.subscribe(...channels).then(tell, () => undefined);
  }

  #connect(): RedisClient {
    const connection = this.#client instanceof Cluster ? this.#client : ownConnection(this.#client as Redis);
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

  #tellAll(): void {
    for (const channel of this.#channels()) this.#watchers.emit(channel);
  }
}

function ownConnection(client: Redis): Redis {
  const connection = client.duplicate({ autoResubscribe: false });
  bearErrors(connection);
  guardReplies(connection);
  limitHandshake(connection);
  return connection;
}
