import type { CallOptions, KeySelection } from '@quantumtrade/dal-domain';
import type { RunCommand } from '../commands/commands.js';
import type { Shard, Shards } from '../commands/shards.js';

const operation = 'cache.deleteWhere';

/**
 * Looks through the keys of all masters and deletes those selected; how many there were. Each page and each deletion is a
 * command of its own. When keys were moved from one master to another meanwhile, it looks once more: a key that went from
 * where it was not looked yet to where it was no more then stays where it is.
 */
export async function deleteWhere(
  run: RunCommand,
  { glob, has }: KeySelection,
  options: CallOptions,
): Promise<number> {
  let hasFailed = false;

  const deleteIn = async (shard: Shard): Promise<number> => {
    let count = 0;
    let cursor = '0';
    do {
      const [next, keys] = await run(operation, options, () => shard.scan(cursor, glob));
      const selected = keys.filter(has);
      if (selected.length > 0) count += await run(operation, options, (redis) => redis.del(selected));
      cursor = next;
    } while (cursor !== '0' && !hasFailed);
    return count;
  };

  const deleteInAll = async ({ all }: Shards): Promise<number> => {
    const counts = await Promise.all(all.map(deleteIn)).catch((error: unknown) => {
      hasFailed = true;
      throw error;
    });
    return counts.reduce((total, count) => total + count, 0);
  };

  const shards = () => run(operation, options, (redis) => redis.shards());
  const before = await shards();
  const count = await deleteInAll(before);
  const after = await shards();
  const isUnmoved = before.layout !== undefined && before.layout === after.layout;
  return isUnmoved ? count : count + (await deleteInAll(after));
}
