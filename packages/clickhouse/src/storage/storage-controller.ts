import type { CallOptions, RecordName } from '@quantumtrade/dal-domain';
import { recordNames, records, requireType, ValidationError } from '@quantumtrade/dal-domain';
import {
  APPLY_RETENTION_OPTIONS,
  type ExpiredRows,
  type StorageController,
  type TableRetention,
} from '@quantumtrade/dal-domain/operations';
import type { Sql } from '../connection/sql.js';
import { engineClauses } from '../schema/drift.js';
import type { CompleteRetention, RecordRetention } from '../settings.js';
import { ttlOf } from './retention.js';

const PLAN = 'storage.plan';
const APPLY = 'storage.apply';

/** Has the engine apply a TTL to the rows that are stored already. */
const TO_STORED_ROWS = { materialize_ttl_after_modify: 1 };

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

/** Returns the controller of the storage of a database's tables. */
export function storageController(
  sql: Sql,
  usage: StorageController['usage'],
  retention: CompleteRetention,
): StorageController {
  const plan = (operation: string, options: CallOptions) => planRetention(sql, retention, operation, options);
  return {
    usage,
    plan: async (options = {}) => {
      sql.checkOpen(PLAN, options);
      return plan(PLAN, options);
    },
    apply: async (options = {}) => {
      sql.checkOpen(APPLY, options, APPLY_RETENTION_OPTIONS);
      const { deleteRows = false, ...call } = options;
      requireType('deleteRows', deleteRows, 'boolean', APPLY);
      const tables = await plan(APPLY, call);
      const changed = tables.filter(({ statement }) => statement !== null);
      if (!deleteRows) requireNoLoss(changed);
      for (const { statement } of changed) await sql.command(APPLY, statement!, {}, call, TO_STORED_ROWS);
      return tables;
    },
  };
}

async function planRetention(
  sql: Sql,
  retention: CompleteRetention,
  operation: string,
  options: CallOptions,
): Promise<readonly TableRetention[]> {
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
  return tables;
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

function requireNoLoss(tables: readonly TableRetention[]): void {
  const losses = tables
    .map(({ table, expired }) => ({ table, rows: expired.reduce((sum, { rows }) => sum + rows, 0) }))
    .filter(({ rows }) => rows > 0)
    .map(({ table, rows }) => `${rows} rows of ${table}`);
  if (losses.length === 0) return;
  const reason = `must be true: applying the retention deletes ${losses.join(', ')}`;
  throw new ValidationError('deleteRows', reason, { operation: APPLY });
}
