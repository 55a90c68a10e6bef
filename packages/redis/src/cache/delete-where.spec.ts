import { keysWhere } from '@quantumtrade/dal-domain';
import type { RedisCommands, RunCommand } from '../commands/redis-commands.js';
import { deleteWhere } from './delete-where.js';

type Layout = string | undefined;

/** Creates masters with pages of keys. Each lookup of the shards returns the next of the layouts. */
function createMasters(pages: readonly (readonly string[])[][], layouts: Layout[]) {
  const deleted: string[] = [];
  const scanned: string[] = [];
  let lookups = 0;
  const all = pages.map((ofShard, number) => ({
    async scan(cursor: string, glob: string): Promise<[string, string[]]> {
      scanned.push(`${number}:${cursor} ${glob}`);
      const at = Number(cursor);
      return [at + 1 < ofShard.length ? String(at + 1) : '0', [...ofShard[at]!]];
    },
  }));
  const redis = {
    shards: async () => ({ all, layout: layouts[lookups++] }),
    del: async (keys: readonly string[]) => deleted.push(...keys) && keys.length,
  } as unknown as RedisCommands;
  const run: RunCommand = (_operation, _options, command) => command(redis, () => false);
  return { run, redis, deleted, scanned };
}

const keysOfA = keysWhere('f:{a}:{b}', { a: 'A' }, 'test');

it('deleteWhere scans every page of every master, and deletes only selected keys', async () => {
  const { run, deleted, scanned } = createMasters(
    [[['f:A:1', 'f:A:1:x'], [], ['f:A:2']], [['f:A:latest', 'f:A:3']]],
    ['l', 'l'],
  );
  expect(await deleteWhere(run, keysOfA, {})).toBe(3);
  expect(deleted.toSorted()).toEqual(['f:A:1', 'f:A:2', 'f:A:3']);
  expect(scanned.toSorted()).toEqual(['0:0 f:A:*', '0:1 f:A:*', '0:2 f:A:*', '1:0 f:A:*']);
});

it.each<[string, Layout[], number]>([
  ['once when no slot has moved', ['l', 'l'], 1],
  ['again when slots have moved between masters', ['l', 'm'], 2],
  ['again when slots move all the time', [undefined, undefined], 2],
  ['again when slots were moving at the start', [undefined, 'l'], 2],
  ['again when slots are moving at the end', ['l', undefined], 2],
])('deleteWhere scans %s', async (_, layouts, times) => {
  const { run, scanned } = createMasters([[['f:A:1']], [['f:A:2']]], layouts);
  expect(await deleteWhere(run, keysOfA, {})).toBe(2 * times);
  expect(scanned).toHaveLength(2 * times);
});

it('deleteWhere rejects with a command error and stops all scans', async () => {
  const { run, redis, scanned } = createMasters([[['f:A:1']], [['f:A:2'], [], [], [], []]], ['l', 'l']);
  const failing: RunCommand = (operation, options, command) =>
    run(operation, options, (commands, isOver) => {
      const del = async (keys: readonly string[]) => {
        if (keys.includes('f:A:1')) throw new Error('not this one');
        return redis.del(keys);
      };
      return command({ ...commands, del }, isOver);
    });
  await expect(deleteWhere(failing, keysOfA, {})).rejects.toThrow('not this one');
  await new Promise((resolve) => setImmediate(resolve));
  expect(scanned.length).toBeLessThan(5);
});
