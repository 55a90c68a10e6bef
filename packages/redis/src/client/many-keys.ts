import type { StoredText } from '@quantumtrade/dal-domain';
import calculateSlot from 'cluster-key-slot';
import { Cluster } from 'ioredis';
import type { RedisClient } from './client.js';
import type { RedisCommands } from './commands.js';
import { failureOf, REDIRECTED } from './failures.js';

/** How many keys go with one command or one write: few enough that other clients hardly wait for it. */
const KEYS_AT_ONCE = 1_000;

/** The commands over many keys. They are cut into parts that the server takes, each for a moment only. */
export function manyKeys(
  reader: () => RedisClient,
  writer: RedisClient,
): Pick<RedisCommands, 'mget' | 'del' | 'setAll'> {
  const partsOf = writer instanceof Cluster ? partsBySlot(writer.options.keyPrefix ?? '') : slices;
  return {
    async mget(keys) {
      if (keys.length === 0) return [];
      const parts = partsOf(keys);
      if (parts.length === 1) return reader().mget(keys as string[]);
      const texts = await Promise.all(parts.map((part) => reader().mget(part)));
      const found = new Map(parts.flatMap((part, i) => part.map((key, j) => [key, texts[i]![j]!])));
      return keys.map((key) => found.get(key)!);
    },
    async del(keys) {
      const counts = await Promise.all(partsOf(keys).map((part) => deleteTogetherOrEach(writer, part)));
      return counts.flat().reduce((total, count) => total + count, 0);
    },
    async setAll(writes) {
      for (const part of slices(writes)) {
        await (writer instanceof Cluster ? setEach(writer, part) : setInOneWrite(writer, part));
      }
    },
  };
}

function slices<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / KEYS_AT_ONCE);
  return Array.from({ length: count }, (_, i) => items.slice(i * KEYS_AT_ONCE, (i + 1) * KEYS_AT_ONCE));
}

/** A node takes only commands whose keys are all of one slot; the prefix decides on the slot as well. */
const partsBySlot =
  (keyPrefix: string) =>
  (keys: readonly string[]): string[][] => {
    const slots = new Map<number, string[]>();
    for (const key of keys) {
      const slot = calculateSlot(keyPrefix + key);
      const others = slots.get(slot);
      if (others) others.push(key);
      else slots.set(slot, [key]);
    }
    return [...slots.values()].flatMap((slot) => slices(slot));
  };

/** While a slot moves, keys of which each master has some are refused together and taken one by one. */
async function deleteTogetherOrEach(writer: RedisClient, keys: readonly string[]): Promise<number[]> {
  try {
    return [await writer.del([...keys])];
  } catch (error) {
    if (failureOf(error) !== REDIRECTED) throw error;
    return Promise.all(keys.map((key) => writer.del(key)));
  }
}

/** Each by itself, for a pipeline of a cluster is not redirected as a whole while slots move. */
async function setEach(cluster: Cluster, writes: readonly StoredText[]): Promise<void> {
  await Promise.all(writes.map(({ key, text, ttlMs }) => cluster.set(key, text, 'PX', ttlMs)));
}

async function setInOneWrite(
  client: Exclude<RedisClient, Cluster>,
  writes: readonly StoredText[],
): Promise<void> {
  const results = await client
    .pipeline(writes.map(({ key, text, ttlMs }) => ['set', key, text, 'PX', ttlMs]))
    .exec();
  for (const [error] of results ?? []) if (error) throw error;
}
