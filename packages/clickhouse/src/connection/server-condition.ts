import type { CallOptions, ServerCondition } from '@quantumtrade/dal-domain';
import type { Sql } from './sql.js';

/** Mutations that are returned, the oldest first. */
const MAX_MUTATIONS = 20;

/** Row of one kind, on which the meaning of `amount` and `total` depends. */
interface ConditionRow {
  readonly kind: 'disk' | 'replica' | 'partition' | 'mutation';
  /** Disk or table. */
  readonly subject: string;
  /** Partition, mutation, or whether a replica takes no writes. */
  readonly detail: string;
  readonly reason: string;
  readonly amount: number;
  readonly total: number;
}

/**
 * One query for all. Columns of `system.replicas` that are read from Keeper, such as `log_max_index`, are left out: the query must not wait for
 * another server. The reason of a failed mutation is the name of its error alone: the rest of the text may quote a row.
 */
const CONDITION = `
  SELECT 'disk' AS kind, name AS subject, '' AS detail, '' AS reason, toFloat64(free_space) AS amount,
    toFloat64(total_space) AS total
  FROM system.disks WHERE total_space > 0
  UNION ALL
  SELECT 'replica', table, if(is_readonly, 'read-only', ''), '', toFloat64(absolute_delay), toFloat64(queue_size)
  FROM system.replicas WHERE database = {database:String}
  UNION ALL
  SELECT 'partition', parts.table, parts.partition_id, '', toFloat64(parts.amount),
    toFloat64OrZero(if(tables.own = '', (SELECT any(value) FROM system.merge_tree_settings WHERE name = 'parts_to_throw_insert'), tables.own))
  FROM (
    SELECT table, partition_id, count() AS amount FROM system.parts
    WHERE active AND database = {database:String}
    GROUP BY table, partition_id ORDER BY table, amount DESC LIMIT 1 BY table
  ) AS parts
  INNER JOIN (
    SELECT name, extract(engine_full, 'parts_to_throw_insert = (\\\\d+)') AS own FROM system.tables
    WHERE database = {database:String}
  ) AS tables ON tables.name = parts.table
  UNION ALL
  SELECT * FROM (
    SELECT 'mutation', table, mutation_id,
      if(latest_fail_reason = '', '', if(extract(latest_fail_reason, '\\\\(([A-Z_]+)\\\\)') = '', 'UNKNOWN', extract(latest_fail_reason, '\\\\(([A-Z_]+)\\\\)'))),
      toFloat64(greatest(0, dateDiff('second', create_time, now()))), toFloat64(parts_to_do)
    FROM system.mutations WHERE database = {database:String} AND NOT is_done
    ORDER BY create_time LIMIT ${MAX_MUTATIONS}
  )`;

/** Asks a server for its condition, as far as it concerns the tables of a database. Rejects with the domain's errors. */
export async function readServerCondition(
  sql: Sql,
  name: string,
  database: string,
  options: CallOptions,
): Promise<ServerCondition> {
  const rows = await sql.rows<ConditionRow>('clickhouse.condition', CONDITION, { database }, options);
  const of = (kind: ConditionRow['kind']) => rows.filter((row) => row.kind === kind);
  return {
    name,
    disks: of('disk').map(({ subject, amount, total }) => ({
      name: subject,
      freeBytes: amount,
      totalBytes: total,
    })),
    replication: of('replica').map(({ subject, detail, amount, total }) => ({
      table: subject,
      isReadOnly: detail !== '',
      delaySeconds: amount,
      queueSize: total,
    })),
    partitions: of('partition').map(({ subject, detail, amount, total }) => ({
      table: subject,
      partition: detail,
      parts: amount,
      maxParts: total,
    })),
    mutations: of('mutation').map(({ subject, detail, reason, amount }) => ({
      table: subject,
      mutation: detail,
      ageSeconds: amount,
      failure: reason === '' ? null : reason,
    })),
  };
}
