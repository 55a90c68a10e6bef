import type { StoredText } from '@quantumtrade/dal-domain';
import calculateSlot from 'cluster-key-slot';
import { Cluster } from 'ioredis';
import type { RedisClient } from '../connection/clients.js';
import type { RedisCommands, Script } from './commands.js';
import { FailureError, failureOf, NO_REPLY, REDIRECTED } from '../connection/failures.js';
import { scriptsOf } from './scripts.js';

/** How many keys one command names at most: few enough that other clients hardly wait for it. */
const KEYS_AT_ONCE = 1_000;

/** How many values are under way at once. Every other call of the process waits while they are composed and sent. */
const WRITES_AT_ONCE = 100;

/** The commands over many keys. They are cut into parts that the server takes, each for a moment only. */
export function manyKeys(
  reader: () => RedisClient,
  writer: RedisClient,
): Pick<RedisCommands, 'mget' | 'ask' | 'del' | 'setAll'> {
  const partsOf = writer instanceof Cluster ? partsBySlot(writer.options.keyPrefix ?? '') : slices;

  /** What is read of each key, in the order of the keys. */
  async function inParts<T>(
    keys: readonly string[],
    read: (part: readonly string[]) => Promise<T[]>,
  ): Promise<T[]> {
    if (keys.length === 0) return [];
    const parts = partsOf(keys);
    const answers = await Promise.all(parts.map((part) => togetherOrEach(part, read)));
    if (parts.length === 1) return answers[0]!;
    const found = new Map(parts.flatMap((part, i) => part.map((key, j) => [key, answers[i]![j]!])));
    return keys.map((key) => found.get(key)!);
  }

  async function removeAll(keys: readonly string[]): Promise<number> {
    const remove = async (part: readonly string[]) => [await writer.del([...part])];
    const counts = await Promise.all(partsOf(keys).map((part) => togetherOrEach(part, remove)));
    return counts.flat().reduce((total, count) => total + count, 0);
  }

  return {
    mget: (keys) => inParts(keys, (part) => reader().mget(part as string[])),
    ask: <T>(script: Script, keys: readonly string[]) =>
      inParts(keys, async (part) => {
        const answers = await scriptsOf(reader())[script.name]!(part.length, ...part);
        if (!Array.isArray(answers)) throw new FailureError(NO_REPLY);
        for (const answer of answers) if (answer instanceof Error) throw answer;
        return answers as T[];
      }),
    del: (keys) => (keys.length === 1 ? writer.del(keys[0]!) : removeAll(keys)),
    async setAll(writes, isOver) {
      for (const part of slices(writes, WRITES_AT_ONCE)) {
        if (isOver()) return;
        await (writer instanceof Cluster ? setEach(writer, part) : setInOneWrite(writer, part));
      }
    },
  };
}

function slices<T>(items: readonly T[], length = KEYS_AT_ONCE): T[][] {
  const count = Math.ceil(items.length / length);
  return Array.from({ length: count }, (_, i) => items.slice(i * length, (i + 1) * length));
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
async function togetherOrEach<T>(
  keys: readonly string[],
  take: (keys: readonly string[]) => Promise<T[]>,
): Promise<T[]> {
  try {
    return await take(keys);
  } catch (error) {
    if (failureOf(error) !== REDIRECTED) throw error;
    return (await Promise.all(keys.map((key) => take([key])))).flat();
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
