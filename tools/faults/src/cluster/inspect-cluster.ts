import type { ClickHouseNode } from '@quantumtrade/dal-test-servers/cluster';
import { BAR_COLUMNS, expectedLine } from '../writing/numbered-bars.js';
import type { ClusterSite } from './cluster-site.js';

/** Wrong rows of the cluster's tables by number, the first few. */
export interface ClusterFindings {
  /** Rows that were acknowledged and that a copy of their shard does not have. */
  readonly lost: readonly number[];
  /** Rows that a copy has more than once, visible to readers or not, and rows of several shards. */
  readonly doubled: readonly number[];
  /** Rows on another shard than the engine computes for them. */
  readonly misplaced: readonly number[];
  /** Rows with other values than were written. */
  readonly altered: readonly string[];
}

export const NO_CLUSTER_FINDINGS: ClusterFindings = { lost: [], doubled: [], misplaced: [], altered: [] };

const MAX_LISTED = 20;

const SHARD = 'jumpConsistentHash(reinterpretAsUInt64(substring(SHA256(symbol), 1, 8))';

/** Returns the shard of a row as an expression of the engine, in a cluster whose shards grow from 2 to 3 with a month. */
export const shardExpression = (firstMonthOfThree = '9999-12'): string =>
  `1 + if(formatDateTime(timestamp, '%Y-%m') < '${firstMonthOfThree}', ${SHARD}, 2), ${SHARD}, 3))`;

/** Compares the stored rows of every node, including old versions, with the acknowledged ones. */
export async function inspectCluster(
  { cluster, database }: ClusterSite,
  acknowledged: ReadonlySet<number>,
  shard = shardExpression(),
): Promise<ClusterFindings & { readonly storedCount: number }> {
  const lost: number[] = [];
  const doubled: number[] = [];
  const misplaced: number[] = [];
  const altered: string[] = [];
  const shardOf = new Map<number, number>();
  const rowsOf = async (node: ClickHouseNode) =>
    (await node.query(`SELECT ${shard}, ${BAR_COLUMNS} FROM market_data`, database)).split('\n').slice(0, -1);
  const stored = new Map<ClickHouseNode, ReadonlySet<number>>();
  for (const node of cluster.nodes) {
    const numbers = new Set<number>();
    for (const row of await rowsOf(node)) {
      const line = row.slice(row.indexOf('\t') + 1);
      const n = Number.parseInt(line);
      if (numbers.has(n) || (shardOf.get(n) ?? node.shard) !== node.shard) doubled.push(n);
      if (Number.parseInt(row) !== node.shard) misplaced.push(n);
      if (line !== expectedLine(n)) altered.push(line);
      numbers.add(n);
      shardOf.set(n, node.shard);
    }
    stored.set(node, numbers);
  }
  for (const n of acknowledged) {
    const copies = cluster.copiesOf(shardOf.get(n) ?? 1);
    if (!copies.every((node) => stored.get(node)!.has(n))) lost.push(n);
  }
  return {
    lost: lost.slice(0, MAX_LISTED),
    doubled: doubled.slice(0, MAX_LISTED),
    misplaced: misplaced.slice(0, MAX_LISTED),
    altered: altered.slice(0, MAX_LISTED),
    storedCount: shardOf.size,
  };
}
