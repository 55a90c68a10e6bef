import type { RedisCommands, RunCommand } from '../commands/redis-commands.js';
import type { ChangeChannel } from './change-channel.js';

/** Creates the channel on which writers publish their changes themselves, for servers that cannot track keys. */
export function publishedChannel(keyPrefix: string): ChangeChannel {
  return {
    name: channelName(keyPrefix),
    prepare: async () => undefined,
    keysOf: (message) => parseKeys(String(message)),
  };
}

/**
 * Publishes the keys of every write after the write, also of a failed one, which may have been executed in part. On a single
 * server both are sent together, because it executes them in order, unless only the reply shows whether anything was written.
 */
export function publishWrites(run: RunCommand, keyPrefix: string, isCluster: boolean): RunCommand {
  const publishing = (redis: RedisCommands): RedisCommands => {
    const publish = (keys: readonly string[]) => redis.publish(channelName(keyPrefix), JSON.stringify(keys));
    const withPublish = async <T>(keys: readonly string[], write: Promise<T>, isInOrder = !isCluster) => {
      if (!isInOrder) await write.catch(() => undefined);
      const [result] = await Promise.all([write, publish(keys)]);
      return result;
    };
    return {
      ...redis,
      set: (key, ...args) => withPublish([key], redis.set(key, ...args)),
      del: (keys) => withPublish(keys, redis.del(keys)),
      setMany(writes, isOver) {
        const keys = writes.map(({ key }) => key);
        return withPublish(keys, redis.setMany(writes, isOver), false);
      },
      async evaluate(script, key, args) {
        const reply = redis.evaluate(script, key, args);
        if (script.readOnly) return reply;
        if (script.hasWritten === undefined) return withPublish([key], reply);
        if (script.hasWritten(await reply)) await publish([key]);
        return reply;
      },
    };
  };
  return (operation, options, command, expectation) =>
    run(operation, options, (redis, isOver) => command(publishing(redis), isOver), expectation);
}

/** Parses a message. Any client may publish on the channel, so an invalid message means that all keys may have changed. */
function parseKeys(message: string): readonly string[] | 'all' {
  try {
    const keys: unknown = JSON.parse(message);
    return Array.isArray(keys) && keys.every((key) => typeof key === 'string') ? keys : 'all';
  } catch {
    return 'all';
  }
}

const channelName = (keyPrefix: string): string => `${keyPrefix}invalidated`;
