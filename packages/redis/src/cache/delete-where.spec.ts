import { keysWhere } from '@quantumtrade/dal-domain';
import type { RedisCommands, RunCommand } from '../commands/commands.js';
import { deleteWhere } from './delete-where.js';

type Layout = string | undefined;

/** Masters whose keys a test moves between their pages; `layouts` is what is found out about where keys are, by turns. */
function masters(pages: readonly (readonly string[])[][], layouts: Layout[]) {
  const deleted: string[] = [];
  const asked: string[] = [];
  let looks = 0;
  const all = pages.map((ofShard, number) => ({
    async scan(cursor: string, glob: string): Promise<[string, string[]]> {
      asked.push(`${number}:${cursor} ${glob}`);
      const at = Number(cursor);
      return [at + 1 < ofShard.length ? String(at + 1) : '0', [...ofShard[at]!]];
    },
  }));
  const redis = {
    shards: async () => ({ all, layout: layouts[looks++] }),
    del: async (keys: readonly string[]) => deleted.push(...keys) && keys.length,
  } as unknown as RedisCommands;
  const run: RunCommand = (_operation, _options, command) => command(redis, () => false);
  return { run, redis, deleted, asked, looks: () => looks };
}

const ofA = keysWhere('f:{a}:{b}', { a: 'A' }, 'test');

it('looks through all pages of all masters, empty ones included, and deletes what is selected only', async () => {
  const { run, deleted, asked } = masters(
    [[['f:A:1', 'f:A:1:x'], [], ['f:A:2']], [['f:A:latest', 'f:A:3']]],
    ['l', 'l'],
  );
  expect(await deleteWhere(run, ofA, {})).toBe(3);
  expect(deleted.toSorted()).toEqual(['f:A:1', 'f:A:2', 'f:A:3']);
  expect(asked.toSorted()).toEqual(['0:0 f:A:*', '0:1 f:A:*', '0:2 f:A:*', '1:0 f:A:*']);
});

it.each<[string, Layout[], number]>([
  ['once when no key was moved meanwhile', ['l', 'l'], 1],
  ['again when slots went from one master to another', ['l', 'm'], 2],
  ['again when slots are being moved all the time', [undefined, undefined], 2],
  ['again when slots were being moved when it began', [undefined, 'l'], 2],
  ['again when slots are being moved when it has looked', ['l', undefined], 2],
])('looks %s', async (_, layouts, times) => {
  const { run, asked } = masters([[['f:A:1']], [['f:A:2']]], layouts);
  expect(await deleteWhere(run, ofA, {})).toBe(2 * times);
  expect(asked).toHaveLength(2 * times);
});

it('fails with what a command failed with, and goes on with no other master', async () => {
  const { run, redis, asked } = masters([[['f:A:1']], [['f:A:2'], [], [], [], []]], ['l', 'l']);
  const failing: RunCommand = (operation, options, command) =>
    run(operation, options, (commands, isOver) => {
      const del = async (keys: readonly string[]) => {
        if (keys.includes('f:A:1')) throw new Error('not this one');
        return redis.del(keys);
      };
      return command({ ...commands, del }, isOver);
    });
  await expect(deleteWhere(failing, ofA, {})).rejects.toThrow('not this one');
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked.length).toBeLessThan(5);
});
