import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ShardPartition, SnapshotColumn } from '@quantumtrade/dal-domain/operations';
import { allOf } from '@quantumtrade/dal-runtime';
import { tablesAt } from '../../backup/stored-tables.js';
import { columnsOf } from '../../backup/table-content.js';
import { engineClauses } from '../../schema/drift.js';
import { partitionsOf } from '../../schema/partitions.js';
import type { ClusterServer } from '../cluster-server.js';

/** A partition with the copies of its shard that have its table. */
export interface CopiedPartition extends ShardPartition {
  readonly copies: readonly ClusterServer[];
  readonly columns: readonly SnapshotColumn[];
  /** Expressions of the key. */
  readonly key: string;
  /** Condition of the rows that are compared, with the parameters {@link parametersOf}. */
  readonly condition: string;
}

/** Rows of this time (epoch milliseconds) are compared. */
export interface ComparedTime {
  /** Latest time of writing. */
  readonly until: number;
  /** Earliest time at which the retention may delete rows. */
  readonly keptAt: number;
}

interface TableForm {
  readonly name: string;
  readonly key: string;
  readonly engine: string;
}

const DAY_MS = 86_400_000;
const VERSION = /^ReplacingMergeTree\((\w+)\)$/;
/** The clause of a TTL that deletes rows: the others say what is done with them. */
const EXPIRY = /(?:^|, )(timestamp \+ toIntervalDay\(\d+\))(?=$|, )/;

/** Returns the times of rows that a comparison of now takes: what is deleted while it runs is left out. */
export const comparedTime = (now: number, settleMs: number): ComparedTime => ({
  until: now - settleMs,
  keptAt: now + DAY_MS,
});

export const parametersOf = ({ partition }: CopiedPartition, { until, keptAt }: ComparedTime) => ({
  partition,
  until,
  keptAt,
});

/** Returns the partitions that any copy of a shard has, and the tables that a copy lacks. */
export async function readCopiedPartitions(
  copies: readonly ClusterServer[],
  operation: string,
  options: CallOptions,
): Promise<{
  readonly partitions: readonly CopiedPartition[];
  readonly lacking: readonly { readonly server: string; readonly table: string }[];
}> {
  const forms = await allOf(copies.map(({ sql }) => formsOf(sql, operation, options)));
  const partitions: CopiedPartition[] = [];
  const lacking: { server: string; table: string }[] = [];
  for (const table of tablesAt(Infinity)) {
    const found = forms.map((tables) => tables.find(({ name }) => name === table));
    const known = found.filter((form) => form !== undefined);
    const [form] = known;
    const version = VERSION.exec(engineClauses(form?.engine ?? '')['engine']!)?.[1];
    if (!form || version === undefined) continue;
    const having = copies.filter((_, index) => found[index] !== undefined);
    for (const { name } of copies.filter((copy) => !having.includes(copy)))
      lacking.push({ server: name, table });
    if (having.length < 2) continue;
    const expiries = known.map(({ engine }) => EXPIRY.exec(engineClauses(engine)['TTL'] ?? '')?.[1]);
    const common = {
      ...{ shard: having[0]!.shard, table, copies: having, key: form.key },
      columns: await columnsOf(systemOf(having[0]!), having[0]!.sql.database, table, operation, options),
      condition: conditionOf(version, expiries),
    };
    const ids = await allOf(
      having.map((copy) => partitionsOf(systemOf(copy), copy.sql.database, table, operation, options)),
    );
    for (const partition of [...new Set(ids.flat())].sort()) partitions.push({ ...common, partition });
  }
  return { partitions, lacking };
}

/** Returns statements that work on a copy without the database as well. */
const systemOf = ({ sql }: ClusterServer) => sql.on('system');

function formsOf(sql: ClusterServer['sql'], operation: string, options: CallOptions): Promise<TableForm[]> {
  return sql
    .on('system')
    .rows<TableForm>(
      operation,
      'SELECT name, sorting_key AS key, engine_full AS engine FROM system.tables WHERE database = {database:String}',
      { database: sql.database },
      options,
    );
}

function conditionOf(version: string, expiries: readonly (string | undefined)[]): string {
  const kept = new Set(expiries.filter((expiry) => expiry !== undefined));
  return [
    '_partition_id = {partition:String}',
    `${version} <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')`,
    ...[...kept].map((expiry) => `${expiry} > fromUnixTimestamp64Milli({keptAt:Int64}, 'UTC')`),
  ].join(' AND ');
}
