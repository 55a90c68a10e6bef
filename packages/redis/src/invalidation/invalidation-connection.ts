import type { InvalidationListener } from '@quantumtrade/dal-domain';
import { sleep } from '@quantumtrade/dal-runtime';
import type { Redis, RedisOptions } from 'ioredis';
import { reconnectBackoff } from '../connection/reconnect.js';
import { patchConnection } from '../driver/patch-client.js';
import { classifyFailure } from '../failures.js';
import type { ChangeChannel } from './change-channel.js';

/** Interval between pings, and the time that the server has for each reply. */
const PING_INTERVAL_MS = 1_000;
const REPLY_TIMEOUT_MS = 2_000;

interface Session {
  readonly redis: Redis;
  readonly ended: AbortController;
  isUp: boolean;
}

/**
 * Connection that receives the invalidations of one server that answers reads. It opens with the client of that server, closes
 * with it, and is reopened otherwise. A reply follows all earlier messages, so a message is at most three seconds late: after
 * that the pings fail and the listener is disconnected.
 */
export class InvalidationConnection {
  readonly #client: Redis;
  readonly #channel: ChangeChannel;
  readonly #listener: InvalidationListener;
  readonly #closing = new Set<Promise<void>>();
  #session: Session | undefined;
  #retry: NodeJS.Timeout | undefined;
  readonly #backoff = reconnectBackoff();
  #disconnectedReason: string | undefined;

  constructor(client: Redis, channel: ChangeChannel, listener: InvalidationListener) {
    this.#client = client;
    this.#channel = channel;
    this.#listener = listener;
    client.on('ready', this.#open);
    client.on('close', this.#reopenLater);
    this.#open();
  }

  get isUp(): boolean {
    return this.#session?.isUp ?? false;
  }

  /** Failure of the last attempt; undefined while the connection is up. */
  get disconnectedReason(): string | undefined {
    return this.#disconnectedReason;
  }

  /** Closes the connection without notifying the listener. */
  async close(): Promise<void> {
    this.#client.off('ready', this.#open);
    this.#client.off('close', this.#reopenLater);
    this.#endSession();
    await Promise.all(this.#closing);
  }

  readonly #open = (): void => {
    clearTimeout(this.#retry);
    if (this.#session || !['ready', 'wait'].includes(this.#client.status)) return;
    const redis = this.#client.duplicate({
      ...currentAddress(this.#client),
      db: 0,
      keyPrefix: '',
      autoResubscribe: false,
      enableOfflineQueue: false,
      lazyConnect: false,
      commandTimeout: REPLY_TIMEOUT_MS,
      retryStrategy: () => null,
    });
    const session = { redis, ended: new AbortController(), isUp: false };
    this.#session = session;
    const closed = new Promise<void>((resolve) => redis.once('end', resolve));
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
    const onFailure = (error?: unknown) => {
      if (session === this.#session) this.#reopenLater(error);
    };
    patchConnection(redis);
    redis.on('error', onFailure);
    redis.once('close', onFailure).once('end', onFailure);
    redis.once('ready', () => void this.#run(session).catch(onFailure));
  };

  async #run(session: Session): Promise<void> {
    const { redis, ended } = session;
    const { name, keysOf, prepare } = this.#channel;
    await prepare(redis);
    redis.on('messageBuffer', (_: unknown, message: unknown) => {
      if (session.isUp) this.#listener.onInvalidated(keysOf(message));
    });
    await redis.subscribe(name);
    ended.signal.throwIfAborted();
    this.#backoff.reset();
    this.#disconnectedReason = undefined;
    session.isUp = true;
    this.#listener.onConnected();
    for (;;) {
      await sleep(PING_INTERVAL_MS, undefined, ended.signal);
      await redis.ping();
    }
  }

  readonly #reopenLater = (error?: unknown): void => {
    const wasUp = this.isUp;
    this.#disconnectedReason = classifyFailure(error).reason;
    this.#endSession();
    this.#retry = setTimeout(this.#open, this.#backoff.next());
    if (wasUp) this.#listener.onDisconnected();
  };

  #endSession(): void {
    clearTimeout(this.#retry);
    const session = this.#session;
    this.#session = undefined;
    if (!session) return;
    session.isUp = false;
    session.ended.abort();
    session.redis.disconnect();
  }
}

/** Returns the address that a client found through Sentinels is connected to; other clients keep theirs. */
function currentAddress({ options, stream }: Redis): RedisOptions {
  if (!options.sentinels) return {};
  const { remoteAddress: host, remotePort: port } = stream;
  return {
    sentinels: undefined,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  };
}
