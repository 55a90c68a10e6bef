import type { Redis } from 'ioredis';

/** Channel on which a server announces changed keys. */
export interface ChangeChannel {
  readonly name: string;
  /** Prepares a connection before it subscribes to the channel. */
  prepare(redis: Redis): Promise<void>;
  /** Returns the keys of a message without the common prefix, or `all` when the message does not name them. */
  keysOf(message: unknown): readonly string[] | 'all';
}

/**
 * Creates the channel of the server's own invalidation messages, for all keys with the prefix and all writers. The connection
 * redirects the messages to itself, so that tracking and subscription always begin and end together.
 */
export function trackingChannel(keyPrefix: string): ChangeChannel {
  return {
    name: '__redis__:invalidate',
    async prepare(redis) {
      const id = (await redis.call('CLIENT', 'ID')) as number;
      const prefix = keyPrefix === '' ? [] : ['PREFIX', keyPrefix];
      await redis.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', ...prefix);
    },
    keysOf: (message) =>
      Array.isArray(message) && message.every((key) => Buffer.isBuffer(key))
        ? message.map((key) => key.toString().slice(keyPrefix.length))
        : 'all',
  };
}
