import { randomBytes } from 'node:crypto';
import type { CallOptions } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** Databases that processes create for a time. */
export interface ScratchKind {
  readonly operation: string;
  /** Beginning of their names; the second of their creation and a random number follow. */
  readonly prefix: string;
  /** Further beginnings of names that are taken for abandoned at that age. @default none */
  readonly others?: readonly string[];
  /** Age at which one is taken for that of a process that died, and is dropped (seconds). */
  readonly abandonedAfterS: number;
}

/** Creates a database of its own, after it has dropped abandoned ones, and returns its name. */
export async function createScratchDatabase(
  server: Sql,
  kind: ScratchKind,
  options: CallOptions,
): Promise<string> {
  const { operation, prefix } = kind;
  const seconds = await dropAbandoned(server, kind, options);
  const database = `${prefix}_${seconds}_${randomBytes(6).toString('hex')}`;
  await server.command(operation, 'CREATE DATABASE {database:Identifier}', { database }, options);
  return database;
}

/**
 * Drops the abandoned databases of a server, and those of the tables that read all shards beside them. Returns the time of the server's
 * clock, by which ages are measured (epoch seconds).
 */
export async function dropAbandoned(
  server: Sql,
  { operation, prefix, others = [], abandonedAfterS }: ScratchKind,
  options: CallOptions,
): Promise<number> {
  const [now] = await server.rows<{ seconds: number }>(
    operation,
    'SELECT toUnixTimestamp(now()) AS seconds',
    {},
    options,
  );
  const abandoned = await server.rows<{ name: string }>(
    operation,
    `SELECT name FROM system.databases
     WHERE match(name, '^(${[prefix, ...others].join('|')})_[0-9]+_[0-9a-f]{12}(_distributed)?$') AND toUInt64(extract(name, '[0-9]+')) < {before:UInt64}`,
    { before: now!.seconds - abandonedAfterS },
    options,
  );
  for (const { name } of abandoned) await removeDatabase(server, operation, name);
  return now!.seconds;
}

/** Drops a database, if it exists, also when the call that it was created for is over. */
export async function removeDatabase(server: Sql, operation: string, database: string): Promise<void> {
  await server.command(operation, 'DROP DATABASE IF EXISTS {database:Identifier} SYNC', { database });
}
