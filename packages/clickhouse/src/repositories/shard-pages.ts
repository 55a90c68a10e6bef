import type { MissingShard, PagePlan, Row } from '@quantumtrade/dal-domain';
import { needsCount, rowComparison, shardsOfEarlierPages } from '@quantumtrade/dal-domain';
import type { ShardSelection } from '../read/shard-reads.js';
import { byShardNumber, readShards } from '../read/shard-reads.js';
import type { ItemPage } from './item-page.js';

/** A page without the rows of missing shards. */
export interface PartialPage<T> extends ItemPage<T[]> {
  readonly missing: readonly MissingShard[];
}

/**
 * Reads a page from each shard by itself, and merges them. Shards that the pages before lack are not read.
 * @param keyRowOf returns a row with the values on which the position of an item depends
 */
export async function readShardPages<T>(
  { shards, valuesOf }: ShardSelection,
  plan: PagePlan,
  keyRowOf: (item: T) => Row,
  read: (shard: number) => Promise<ItemPage<T[]>>,
): Promise<PartialPage<T>> {
  const left = shards.filter((shard) => !plan.missing.includes(shard));
  const { answers, missing } = await readShards({ shards: left, valuesOf }, read);
  const earlier = shardsOfEarlierPages(plan).map((each) => ({ ...each, values: valuesOf(each.shard) }));
  const all = [...earlier, ...missing].sort(byShardNumber);
  const compare = rowComparison(plan.order);
  const found = answers.flatMap(({ items }) => items).sort((a, b) => compare(keyRowOf(a), keyRowOf(b)));
  const hasMore = found.length > plan.limit;
  const items = found.slice(0, plan.limit);
  const isWhole = !hasMore && plan.after === undefined;
  const isCounted = isWhole || needsCount(plan, hasMore);
  const totalCount = isCounted ? answers.reduce((sum, page) => sum + page.totalCount!, 0) : null;
  return { items, count: items.length, hasMore, totalCount, missing: all };
}
