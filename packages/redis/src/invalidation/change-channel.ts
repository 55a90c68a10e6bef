import type { Redis } from 'ioredis';

/** How a server says which keys have changed. */
export interface Announcements {
  readonly channel: string;
  /** What a connection does before it subscribes to the channel. */
  prepare(redis: Redis): Promise<void>;
  /** The keys of a message, without the prefix of all keys; all where it does not say which. */
  keysOf(message: unknown): readonly string[] | 'all';
}

/**
 * The server's own invalidation messages, for all keys with the prefix, whoever changes them. The connection has them
 * redirected to itself: tracking and listening begin and end together, so that neither can be lost alone.
 */
export function trackingAnnouncements(keyPrefix: string): Announcements {
  return {
    channel: '__redis__:invalidate',
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
