import type { CallOptions } from '@quantumtrade/dal-domain';
import { ValidationError } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** Comment of every database that a restore creates. */
const COMMENT = 'created by a restore of qtdal';

/** Table of a database whose restore has not finished. */
export const UNFINISHED = 'restore_unfinished';

export const CREATE_RESTORED = `CREATE DATABASE {database:Identifier} COMMENT '${COMMENT}'`;
export const MARK_UNFINISHED = `CREATE TABLE {database:Identifier}.${UNFINISHED} (nothing UInt8) ENGINE = Null`;

/** Ends the mark of an unfinished restore in the database of `sql`. */
export const finishRestore = (sql: Sql, operation: string, options: CallOptions): Promise<void> =>
  sql.command(operation, `DROP TABLE IF EXISTS ${UNFINISHED} SYNC`, {}, options);

/** Returns the identifier that the server gave to the database of `sql`; undefined when there is none. */
export async function databaseId(
  sql: Sql,
  operation: string,
  options?: CallOptions,
): Promise<string | undefined> {
  const [found] = await sql
    .on('system')
    .rows<{ uuid: string }>(
      operation,
      'SELECT toString(uuid) AS uuid FROM system.databases WHERE name = {database:String}',
      { database: sql.database },
      options,
    );
  return found?.uuid;
}

/** State of a database whose name a restore is to use. */
interface FoundDatabase {
  readonly name: string;
  readonly comment: string;
  /** Number of tables, and of those that mark an unfinished restore. */
  readonly tables: number;
  readonly marks: number;
  /** Time since the last change of a part or a table (seconds). */
  readonly idleS: number;
  /** Queries that run in the database. */
  readonly queries: number;
}

/** Looks at the database of `sql`; returns undefined when there is none. */
export async function findRestored(
  sql: Sql,
  operation: string,
  options: CallOptions,
): Promise<FoundDatabase | undefined> {
  const [found] = await sql.on('system').rows<FoundDatabase>(
    operation,
    `SELECT name, comment,
       (SELECT toUInt32(count()) FROM system.tables WHERE database = {database:String}) AS tables,
       (SELECT toUInt32(count()) FROM system.tables WHERE database = {database:String} AND name = '${UNFINISHED}') AS marks,
       toUInt32(now() - greatest(
         (SELECT max(modification_time) FROM system.parts WHERE database = {database:String}),
         (SELECT max(metadata_modification_time) FROM system.tables WHERE database = {database:String}))) AS idleS,
       (SELECT toUInt32(count()) FROM system.processes WHERE current_database = {database:String}) AS queries
     FROM system.databases WHERE name = {database:String}`,
    { database: sql.database },
    options,
  );
  return found;
}

/**
 * Throws `ValidationError` unless the databases of one name, on the servers that have it, belong to an unfinished restore that has been idle for at least
 * this time (milliseconds; undefined for never).
 */
export function requireReplaceable(
  found: readonly FoundDatabase[],
  replaceIdleMs: number | undefined,
  operation: string,
): void {
  const [first] = found;
  if (!first) return;
  const refuse = (reason: string) => {
    throw new ValidationError('database', `the database ${first.name} ${reason}`, { operation });
  };
  // A process that died between the two statements of a creation has left no table at all. Beside a whole database, an empty one is not of that kind.
  const isUnfinished = found.some(({ marks }) => marks > 0) || found.every(({ tables }) => tables === 0);
  if (!isUnfinished || found.some(({ comment }) => comment !== COMMENT)) refuse('exists already');
  if (replaceIdleMs === undefined)
    refuse('is there from a restore that has not finished: replace it, or drop it');
  const queries = Math.max(...found.map((each) => each.queries));
  if (queries > 0) refuse(`is there from a restore that is under way: ${queries} queries run in it`);
  const idleS = Math.min(...found.map((each) => each.idleS));
  if (idleS * 1_000 < replaceIdleMs!)
    refuse(`is there from a restore that may be under way: it was changed ${idleS} s ago`);
}
