import type { CallOptions } from '@quantumtrade/dal-domain';
import { recordNames } from '@quantumtrade/dal-domain';
import type { ExpiredRows, TableRetention } from '@quantumtrade/dal-domain/operations';
import type { ClusterSettings, CompleteRetention } from '../settings.js';
import { APPLY, planRetention, type RetentionPlan, TO_STORED_ROWS } from '../storage/retention-plan.js';
import { askServers, copyGroups, onAll, type ClusterServer } from './cluster-server.js';

interface ServerPlan {
  readonly server: ClusterServer;
  readonly answer: RetentionPlan;
}

/** Keeper changes the other copies of a shard, which are waited for. */
const ON_ALL_COPIES = { ...TO_STORED_ROWS, alter_sync: 2 };

/** Returns the retention of the tables of all servers that can be reached. Applying it needs all of them. */
export async function planClusterRetention(
  servers: readonly ClusterServer[],
  { copies }: ClusterSettings,
  retention: CompleteRetention,
  operation: string,
  options: CallOptions,
): Promise<RetentionPlan> {
  const { answered, unreachable } = await askServers(servers, ({ sql }) =>
    planRetention(sql, retention, operation, options),
  );
  const [missing] = unreachable;
  if (missing && (operation === APPLY || answered.length === 0)) throw missing.error;
  const plans = answered.map((plan) => ({ ...plan, shard: plan.server.shard }));
  return {
    tables: recordNames.flatMap((record) => mergeRecord(record, answered)),
    apply: (call) => onAll(copyGroups(plans, copies), (group) => applyTo(group, call)),
  };
}

/** Applies a plan to one server, or to the copies of a shard that Keeper keeps alike. */
async function applyTo(copies: readonly ServerPlan[], options: CallOptions): Promise<void> {
  const [only, ...others] = copies;
  if (others.length === 0) return only!.answer.apply(options);
  const statements = new Map<string, ClusterServer>();
  for (const { server, answer } of copies) {
    for (const { statement } of answer.tables)
      if (statement !== null && !statements.has(statement)) statements.set(statement, server);
  }
  for (const [statement, { sql }] of statements)
    await sql.command(APPLY, statement, {}, options, ON_ALL_COPIES);
}

/** Returns the retention of a record as on the first server that does not do what is configured, with the expired rows of all shards. */
function mergeRecord(record: string, plans: readonly ServerPlan[]): TableRetention[] {
  const found = plans.flatMap(({ server, answer }) =>
    answer.tables.filter((table) => table.record === record).map((table) => ({ server, table })),
  );
  const shown = found.find(({ table }) => table.statement !== null) ?? found[0];
  if (!shown) return [];
  const shards = new Map<string, readonly ExpiredRows[]>();
  for (const { server, table } of found) {
    const known = shards.get(server.shard);
    if (!known || rowsOf(known) < rowsOf(table.expired)) shards.set(server.shard, table.expired);
  }
  return [{ ...shown.table, expired: sumByPartition([...shards.values()].flat()) }];
}

const rowsOf = (expired: readonly ExpiredRows[]): number => expired.reduce((sum, { rows }) => sum + rows, 0);

function sumByPartition(expired: readonly ExpiredRows[]): ExpiredRows[] {
  const sums = new Map<string, ExpiredRows>();
  for (const { partition, rows, bytes } of expired) {
    const known = sums.get(partition) ?? { rows: 0, bytes: 0 };
    sums.set(partition, { partition, rows: known.rows + rows, bytes: known.bytes + bytes });
  }
  return [...sums.values()].sort((a, b) => (a.partition < b.partition ? -1 : 1));
}
