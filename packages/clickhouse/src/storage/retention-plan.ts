import type { CallOptions, RecordName } from '@quantumtrade/dal-domain';
import { recordNames, records, ValidationError } from '@quantumtrade/dal-domain';
import type { ExpiredRows, TableRetention } from '@quantumtrade/dal-domain/operations';
import type { Sql } from '../connection/sql.js';
import { engineClauses } from '../schema/drift.js';
import type { CompleteRetention, RecordRetention } from '../settings.js';
import { ttlOf } from './retention.js';

export const APPLY = 'storage.apply';

/** Retention of tables, and the statements that apply it. */
export interface RetentionPlan {
  readonly tables: readonly TableRetention[];
  /** Makes the tables do what is configured. */
  apply(options: CallOptions): Promise<void>;
}

/** Has the engine apply a TTL to the rows that are stored already. */
export const TO_STORED_ROWS = { materialize_ttl_after_modify: 1 };

interface TableState {
  readonly name: string;
  readonly engine: string;
  readonly policy: string;
  readonly volumes: readonly string[];
}

const TABLES = `
  SELECT tables.name AS name, any(engine_full) AS engine, any(storage_policy) AS policy, groupArray(volume_name) AS volumes
  FROM system.tables AS tables LEFT JOIN system.storage_policies AS policies ON policies.policy_name = tables.storage_policy
  WHERE database = {database:String} AND tables.name IN {names:Array(String)}
  GROUP BY tables.name`;

const expiredRows = (table: string) => `
  SELECT expired.partition AS partition, expired.amount AS rows, round(parts.bytes * expired.amount / parts.amount) AS bytes
  FROM (
    SELECT _partition_id AS partition, toFloat64(count()) AS amount FROM ${table}
    WHERE timestamp <= now64(3) - toIntervalDay({days:UInt32})
    GROUP BY partition
  ) AS expired
  INNER JOIN (
    SELECT partition_id, toFloat64(sum(rows)) AS amount, toFloat64(sum(data_compressed_bytes)) AS bytes FROM system.parts
    WHERE active AND database = {database:String} AND table = {table:String}
    GROUP BY partition_id
  ) AS parts ON parts.partition_id = expired.partition
  ORDER BY partition`;

/** Returns the retention of the tables in the database of `sql`. */
export async function planRetention(
  sql: Sql,
  retention: CompleteRetention,
  operation: string,
  options: CallOptions,
): Promise<RetentionPlan> {
  const names = recordNames.map((record) => records[record].table);
  // The database need not exist.
  const found = await sql
    .on('system')
    .rows<TableState>(operation, TABLES, { database: sql.database, names }, options);
  const tables: TableRetention[] = [];
  for (const record of recordNames) {
    const state = found.find(({ name }) => name === records[record].table);
    if (!state) continue;
    const rule = retention[record];
    if (rule) requireVolume(record, rule, state, operation);
    const deletes = rule !== undefined && rule.deleteAfterDays > 0;
    const configured = ttlOf(rule);
    const applied = engineClauses(state.engine)['TTL'] ?? null;
    tables.push({
      record,
      table: state.name,
      configured,
      applied,
      statement: statementOf(state.name, configured, applied),
      expired: deletes ? await readExpired(sql, state.name, rule.deleteAfterDays, operation, options) : [],
    });
  }
  return {
    tables,
    apply: async (call) => {
      for (const { statement } of tables)
        if (statement !== null) await sql.command(APPLY, statement, {}, call, TO_STORED_ROWS);
    },
  };
}

function statementOf(table: string, configured: string | null, applied: string | null): string | null {
  if (configured === applied) return null;
  return `ALTER TABLE ${table} ${configured === null ? 'REMOVE TTL' : `MODIFY TTL ${configured}`}`;
}

const readExpired = (sql: Sql, table: string, days: number, operation: string, options: CallOptions) =>
  sql.rows<ExpiredRows>(operation, expiredRows(table), { database: sql.database, table, days }, options);

function requireVolume(
  record: RecordName,
  { moveToVolume }: RecordRetention,
  { policy, volumes }: TableState,
  operation: string,
): void {
  if (moveToVolume === undefined || volumes.includes(moveToVolume)) return;
  const reason = `must be a volume of the storage policy ${policy}, which has ${volumes.join(', ')}`;
  throw new ValidationError(`retention.${record}.moveToVolume`, reason, { operation });
}
