import type { RedisCommands, RunCommand } from '../commands/commands.js';
import type { Announcements } from './change-channel.js';

/** Messages that writers send themselves, where the server cannot track keys. */
export function publishedAnnouncements(keyPrefix: string): Announcements {
  return {
    channel: channelOf(keyPrefix),
    prepare: async () => undefined,
    keysOf: (message) => publishedKeys(String(message)),
  };
}

/**
 * Has every write publish its keys afterwards: in the same round trip where one server does what it is told in order, unless
 * only the answer tells whether there was a write. One that failed may have been done, or done in part.
 */
export function publishedWrites(run: RunCommand, keyPrefix: string, isCluster: boolean): RunCommand {
  const publishing = (redis: RedisCommands): RedisCommands => {
    const publish = (keys: readonly string[]) => redis.publish(channelOf(keyPrefix), JSON.stringify(keys));
    const published = async <T>(keys: readonly string[], written: Promise<T>, isInOrder = !isCluster) => {
      if (!isInOrder) await written.catch(() => undefined);
      const [result] = await Promise.all([written, publish(keys)]);
      return result;
    };
    return {
      ...redis,
      set: (key, ...args) => published([key], redis.set(key, ...args)),
      del: (keys) => published(keys, redis.del(keys)),
      setAll(writes, isOver) {
        const keys = writes.map(({ key }) => key);
        return published(keys, redis.setAll(writes, isOver), false);
      },
      async evaluate(script, key, args) {
        const result = redis.evaluate(script, key, args);
        if (script.readOnly) return result;
        if (script.hasWritten === undefined) return published([key], result);
        if (script.hasWritten(await result)) await publish([key]);
        return result;
      },
    };
  };
  return (operation, options, command, expected) =>
    run(operation, options, (redis, isOver) => command(publishing(redis), isOver), expected);
}

/** Anybody may publish anything: what names no keys may stand for all. */
function publishedKeys(message: string): readonly string[] | 'all' {
  try {
    const keys: unknown = JSON.parse(message);
    return Array.isArray(keys) && keys.every((key) => typeof key === 'string') ? keys : 'all';
  } catch {
    return 'all';
  }
}

const channelOf = (keyPrefix: string): string => `${keyPrefix}invalidated`;
