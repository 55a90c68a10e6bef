import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ClusterServer } from '../cluster-server.js';

interface Deletion {
  readonly command: string;
  readonly isDone: number;
}

/** Returns why rows of a copy must not be written to another one, where they may have been deleted. Undefined when they have not. */
export async function deletedElsewhere(
  from: ClusterServer,
  to: ClusterServer,
  table: string,
  operation: string,
  options: CallOptions,
): Promise<string | undefined> {
  const own = await deletionsOf(to, table, operation, options);
  const others = await deletionsOf(from, table, operation, options);
  for (const [{ name }, deletions] of [
    [from, others],
    [to, own],
  ] as const)
    if (deletions.some(({ isDone }) => isDone === 0)) return `${name} still deletes rows of ${table}`;
  const only = own.find(({ command }) => !others.some((other) => other.command === command));
  return only && `${to.name} had rows deleted that ${from.name} has; delete them there too`;
}

/** Reads the statements that deleted rows, of which the server remembers the latest. */
function deletionsOf(
  { sql }: ClusterServer,
  table: string,
  operation: string,
  options: CallOptions,
): Promise<Deletion[]> {
  return sql.on('system').rows<Deletion>(
    operation,
    `SELECT command, toUInt8(is_done) AS isDone FROM system.mutations
     WHERE database = {database:String} AND table = {table:String} AND match(command, 'DELETE|_row_exists')`,
    { database: sql.database, table },
    options,
  );
}
