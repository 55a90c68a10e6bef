import type { StoredText } from '@quantumtrade/dal-domain';
import calculateSlot from 'cluster-key-slot';
import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from '../connection/redis-client.js';
import { classifyFailure, FailureError, TOO_MANY_REDIRECTIONS, UNEXPECTED_REPLY } from '../failures.js';
import type { RedisCommands } from './redis-commands.js';
import { runForEachKey, type Script } from './scripts.js';

/** Largest number of keys of a command, so that other clients hardly wait for it. */
const MAX_KEYS = 1_000;

/** Largest number of values written at a time, because encoding them delays all other calls of the process. */
const MAX_WRITES = 100;

/** Creates the commands over many keys, which are split into parts that a server accepts and runs quickly. */
export function manyKeyCommands(
  reader: () => RedisClient,
  writer: RedisClient,
): Pick<RedisCommands, 'mget' | 'evaluateMany' | 'del' | 'setMany'> {
  const split = writer instanceof Cluster ? splitBySlot(writer.options.keyPrefix ?? '') : slice;

  /** Reads the keys part by part and returns the replies in the order of the keys. */
  async function readMany<T>(
    keys: readonly string[],
    read: (part: readonly string[]) => Promise<T[]>,
  ): Promise<T[]> {
    if (keys.length === 0) return [];
    const parts = split(keys);
    const replies = await Promise.all(parts.map((part) => runTogetherOrEach(part, read)));
    if (parts.length === 1) return replies[0]!;
    const byKey = new Map(parts.flatMap((part, i) => part.map((key, j) => [key, replies[i]![j]!])));
    return keys.map((key) => byKey.get(key)!);
  }

  return {
    mget: (keys) => readMany(keys, (part) => reader().mget(part as string[])),
    evaluateMany: <T>(script: Script, keys: readonly string[]) =>
      readMany(keys, async (part) => {
        const replies = await runForEachKey(reader(), script, part);
        if (!Array.isArray(replies)) throw new FailureError(UNEXPECTED_REPLY);
        for (const reply of replies) if (reply instanceof Error) throw reply;
        return replies as T[];
      }),
    async del(keys) {
      if (keys.length === 1) return writer.del(keys[0]!);
      const remove = async (part: readonly string[]) => [await writer.del([...part])];
      const counts = await Promise.all(split(keys).map((part) => runTogetherOrEach(part, remove)));
      return counts.flat().reduce((total, count) => total + count, 0);
    },
    async setMany(writes, isOver) {
      for (const part of slice(writes, MAX_WRITES)) {
        if (isOver()) return;
        await (writer instanceof Cluster ? setEach(writer, part) : setInPipeline(writer, part));
      }
    },
  };
}

function slice<T>(items: readonly T[], length = MAX_KEYS): T[][] {
  const count = Math.ceil(items.length / length);
  return Array.from({ length: count }, (_, i) => items.slice(i * length, (i + 1) * length));
}

/** Splits keys by slot: a cluster node accepts only commands whose keys are of one slot. The slot depends on the prefix too. */
const splitBySlot =
  (keyPrefix: string) =>
  (keys: readonly string[]): string[][] => {
    const slots = new Map<number, string[]>();
    for (const key of keys) {
      const slot = calculateSlot(keyPrefix + key);
      const others = slots.get(slot);
      if (others) others.push(key);
      else slots.set(slot, [key]);
    }
    return [...slots.values()].flatMap((slot) => slice(slot));
  };

/** Runs a command for all keys, or for each key alone where a moving slot divides them between two masters. */
async function runTogetherOrEach<T>(
  keys: readonly string[],
  run: (keys: readonly string[]) => Promise<T[]>,
): Promise<T[]> {
  try {
    return await run(keys);
  } catch (error) {
    if (classifyFailure(error) !== TOO_MANY_REDIRECTIONS) throw error;
    return (await Promise.all(keys.map((key) => run([key])))).flat();
  }
}

/** Writes each value by its own command: a pipeline of a cluster is not redirected while slots move. */
async function setEach(cluster: Cluster, writes: readonly StoredText[]): Promise<void> {
  await Promise.all(writes.map(({ key, text, ttlMs }) => cluster.set(key, text, 'PX', ttlMs)));
}

async function setInPipeline(client: Redis, writes: readonly StoredText[]): Promise<void> {
  const results = await client
    .pipeline(writes.map(({ key, text, ttlMs }) => ['set', key, text, 'PX', ttlMs]))
    .exec();
  for (const [error] of results ?? []) if (error) throw error;
}
