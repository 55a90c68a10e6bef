import type { CallOptions } from '@quantumtrade/dal-domain';
import { ValidationError } from '@quantumtrade/dal-domain';
import { allOf } from '@quantumtrade/dal-runtime';
import { onAll } from '../cluster/cluster-server.js';
import type { Sql } from '../connection/sql.js';
import { History } from '../schema/history.js';
import { MigrationLock, withLocks } from '../schema/lock.js';
import { removeDatabase } from '../schema/scratch-databases.js';
import { UNFINISHED } from './unfinished-restore.js';

const OPERATION = 'restore.promote';
/** Tables by which processes lock a schema; each database keeps its own. */
const IS_LOCK = "startsWith(name, 'schema_migrations_lock_')";

/** The tables of a promotion with their ids, which stay when a table moves. It is kept as the comment of the database of former tables. */
interface Plan {
  readonly promotes: string;
  readonly tables: Readonly<Record<string, string>>;
  /** Those that were in use. */
  readonly former: Readonly<Record<string, string>>;
}

/** A promotion on one server that may be carried out. */
interface Promotion {
  readonly plan: Plan;
  /** Whether it begins; otherwise it stopped before, and goes on. */
  readonly isNew: boolean;
}

/**
 * Puts the tables of the database `side` in the place of those of the database in use, and those in `keepAs`, on each server: nothing is changed
 * before all of them allow it. A table that was put there is recognised by its id, so that a promotion which stopped goes on.
 *
 * @param servers statements in the database in use, in the order in which locks are taken
 */
export async function promote(
  servers: readonly Sql[],
  side: string,
  keepAs: string,
  options: CallOptions,
): Promise<void> {
  const { database } = servers[0]!;
  if (new Set([side, keepAs, database]).size < 3) {
    throw new ValidationError('keepAs', 'must be another database than those to exchange', {
      operation: OPERATION,
    });
  }
  await onAll(servers, (sql) =>
    sql
      .on('system')
      .command(OPERATION, 'CREATE DATABASE IF NOT EXISTS {database:Identifier}', { database }, options),
  );
  const locks = servers.map((sql) => new MigrationLock(sql.on('system'), database));
  await withLocks(locks, options, async () => {
    const promotions = await allOf(
      servers.map(async (sql) => ({ sql, ...(await findPlan(sql, side, keepAs, options)) })),
    );
    await onAll(promotions, ({ sql, ...promotion }) => exchangeTables(promotion, sql, side, keepAs, options));
  });
}

async function exchangeTables(
  { plan, isNew }: Promotion,
  sql: Sql,
  side: string,
  keepAs: string,
  options: CallOptions,
): Promise<void> {
  const server = sql.on('system');
  const { database } = sql;
  const run = (query: string, params: Readonly<Record<string, unknown>> = {}) =>
    server.command(OPERATION, query, { database, side, keepAs, ...params }, options);
  if (isNew) await run(`CREATE DATABASE {keepAs:Identifier} COMMENT '${JSON.stringify(plan)}'`);
  for (const [table, id] of Object.entries(plan.tables)) {
    const params = { table };
    const current = (await tablesIn(server, database, options)).get(table);
    const names = '{database:Identifier}.{table:Identifier}';
    if (current === undefined) {
      await run(`RENAME TABLE {side:Identifier}.{table:Identifier} TO ${names}`, params);
      continue;
    }
    if (current !== id)
      await run(`EXCHANGE TABLES ${names} AND {side:Identifier}.{table:Identifier}`, params);
    if ((await tablesIn(server, side, options)).has(table)) {
      await run(
        'RENAME TABLE {side:Identifier}.{table:Identifier} TO {keepAs:Identifier}.{table:Identifier}',
        params,
      );
    }
  }
  if ((await tablesIn(server, side, options)).size === 0) await removeDatabase(server, OPERATION, side);
}

/** Returns the plan of a promotion that stopped; otherwise makes one. Throws `ValidationError` where the databases do not allow it. */
async function findPlan(sql: Sql, side: string, keepAs: string, options: CallOptions): Promise<Promotion> {
  const server = sql.on('system');
  const [found] = await server.rows<{ comment: string }>(
    OPERATION,
    'SELECT comment FROM system.databases WHERE name = {keepAs:String}',
    { keepAs },
    options,
  );
  const restored = await tablesIn(server, side, options);
  if (found) {
    const plan = parsePlan(found.comment);
    if (plan?.promotes === side && isUnderWay(plan, restored)) return { plan, isNew: false };
    throw new ValidationError('keepAs', `the database ${keepAs} exists already`, { operation: OPERATION });
  }
  if (restored.has(UNFINISHED)) {
    throw new ValidationError(
      'database',
      `the database ${side} is there from a restore that has not finished`,
      {
        operation: OPERATION,
      },
    );
  }
  await requireSameVersion(server, sql.database, side, options);
  const plan: Plan = {
    promotes: side,
    tables: Object.fromEntries(restored),
    former: Object.fromEntries(await tablesIn(server, sql.database, options)),
  };
  return { plan, isNew: true };
}

/** Whether the tables that are left are those of the plan, and not of a later restore under the same name. */
const isUnderWay = ({ tables, former }: Plan, left: ReadonlyMap<string, string>): boolean =>
  [...left].every(([table, id]) => id === tables[table] || id === former[table]);

function parsePlan(comment: string): Plan | undefined {
  try {
    return JSON.parse(comment) as Plan;
  } catch {
    return undefined;
  }
}

async function requireSameVersion(
  server: Sql,
  database: string,
  side: string,
  options: CallOptions,
): Promise<void> {
  const [current, restored] = await Promise.all(
    [database, side].map((name) => new History(server, name).read(options)),
  );
  const { version } = restored!;
  const reason =
    version === 0 || restored!.unfinished.length > 0
      ? `the database ${side} has no complete schema`
      : current!.version !== 0 && current!.version !== version
        ? `${side} has version ${version} of the schema, ${database} has ${current!.version}`
        : undefined;
  if (reason !== undefined) throw new ValidationError('database', reason, { operation: OPERATION });
}

/** Returns the ids of the tables of a database by name. */
async function tablesIn(
  server: Sql,
  database: string,
  options: CallOptions,
): Promise<ReadonlyMap<string, string>> {
  const tables = await server.rows<{ name: string; id: string }>(
    OPERATION,
    `SELECT name, toString(uuid) AS id FROM system.tables WHERE database = {database:String} AND NOT ${IS_LOCK}
     ORDER BY name`,
    { database },
    options,
  );
  return new Map(tables.map(({ name, id }) => [name, id]));
}
