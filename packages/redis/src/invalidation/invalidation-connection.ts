import { setTimeout as pause } from 'node:timers/promises';
import type { InvalidationListener } from '@quantumtrade/dal-domain';
import type { Redis, RedisOptions } from 'ioredis';
import { backoffMs } from '../connection/clients.js';
import { bearErrors } from '../driver/patches.js';
import { guardReplies } from '../driver/guard-replies.js';
import { failureOf } from '../connection/failures.js';
import type { Announcements } from './change-channel.js';

/** While nothing is wrong the server is asked for a sign of life this often, and may take this long to give it. */
const PING_EVERY_MS = 1_000;
const ANSWER_WITHIN_MS = 2_000;

interface Session {
  readonly redis: Redis;
  readonly over: AbortController;
  isUp: boolean;
}

/**
 * A connection that listens to the server which answers a client's reads: opened when that client's is, given up with
 * it, and otherwise opened again and again. The listener is connected while changes are told: as a reply follows all
 * messages sent before it, none is late by more than three seconds.
 */
export class ListeningConnection {
  readonly #client: Redis;
  readonly #announcements: Announcements;
  readonly #listener: InvalidationListener;
  readonly #ending = new Set<Promise<void>>();
  #session: Session | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #trouble: string | undefined;

  constructor(client: Redis, announcements: Announcements, listener: InvalidationListener) {
    this.#client = client;
    this.#announcements = announcements;
    this.#listener = listener;
    client.on('ready', this.#open);
    client.on('close', this.#lose);
    this.#open();
  }

  get isUp(): boolean {
    return this.#session?.isUp ?? false;
  }

  /** What the last attempt failed with, while it is not up. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Ends it without a word to the listener. */
  async close(): Promise<void> {
    this.#client.off('ready', this.#open);
    this.#client.off('close', this.#lose);
    this.#end();
    await Promise.all(this.#ending);
  }

  readonly #open = (): void => {
    clearTimeout(this.#retry);
    if (this.#session || !['ready', 'wait'].includes(this.#client.status)) return;
    const redis = this.#client.duplicate({
      ...addressOf(this.#client),
      db: 0,
      keyPrefix: '',
      autoResubscribe: false,
      enableOfflineQueue: false,
      lazyConnect: false,
      commandTimeout: ANSWER_WITHIN_MS,
      retryStrategy: () => null,
    });
    const session = { redis, over: new AbortController(), isUp: false };
    this.#session = session;
    const ended = new Promise<void>((resolve) => redis.once('end', resolve));
    this.#ending.add(ended);
    void ended.then(() => this.#ending.delete(ended));
    const lose = (error?: unknown) => {
      if (session === this.#session) this.#lose(error);
    };
    bearErrors(redis);
    guardReplies(redis);
    redis.on('error', lose);
    redis.once('close', lose).once('end', lose);
    redis.once('ready', () => void this.#listen(session).catch(lose));
  };

  async #listen(session: Session): Promise<void> {
    const { redis, over } = session;
    const { channel, keysOf, prepare } = this.#announcements;
    await prepare(redis);
    redis.on('messageBuffer', (_: unknown, message: unknown) => {
      if (session.isUp) this.#listener.onInvalidated(keysOf(message));
    });
    await redis.subscribe(channel);
    over.signal.throwIfAborted();
    this.#failures = 0;
    this.#trouble = undefined;
    session.isUp = true;
    this.#listener.onConnected();
    for (;;) {
      await pause(PING_EVERY_MS, undefined, { signal: over.signal });
      await redis.ping();
    }
  }

  readonly #lose = (error?: unknown): void => {
    const wasUp = this.isUp;
    this.#trouble = failureOf(error).reason;
    this.#end();
    this.#retry = setTimeout(this.#open, backoffMs(++this.#failures));
    if (wasUp) this.#listener.onDisconnected();
  };

  #end(): void {
    clearTimeout(this.#retry);
    const session = this.#session;
    this.#session = undefined;
    if (!session) return;
    session.isUp = false;
    session.over.abort();
    session.redis.disconnect();
  }
}

/** Where a client found through Sentinels is connected to now; others have one address for good. */
function addressOf({ options, stream }: Redis): RedisOptions {
  if (!options.sentinels) return {};
  const { remoteAddress: host, remotePort: port } = stream;
  return {
    sentinels: undefined,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  };
}
