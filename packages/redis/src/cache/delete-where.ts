import type { CallOptions, KeySelection } from '@quantumtrade/dal-domain';
import type { RunCommand } from '../commands/redis-commands.js';
import type { Shard, Shards } from '../commands/shards.js';

const operation = 'cache.deleteWhere';

/**
 * Scans the keys of all masters, deletes those selected and returns their number. Each page and each deletion is a command of its
 * own. Scans again when slots moved meanwhile, because a key may have moved from a master not yet scanned to one already scanned.
 */
export async function deleteWhere(
  run: RunCommand,
  { glob, has }: KeySelection,
  options: CallOptions,
): Promise<number> {
  let hasFailed = false;

  const deleteOn = async (shard: Shard): Promise<number> => {
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

  const deleteOnAll = async ({ all }: Shards): Promise<number> => {
    const counts = await Promise.all(all.map(deleteOn)).catch((error: unknown) => {
      hasFailed = true;
      throw error;
    });
    return counts.reduce((total, count) => total + count, 0);
  };

  const findShards = () => run(operation, options, (redis) => redis.shards());
  const before = await findShards();
  const count = await deleteOnAll(before);
  const after = await findShards();
  const hasMoved = before.layout === undefined || before.layout !== after.layout;
  return hasMoved ? count + (await deleteOnAll(after)) : count;
}
