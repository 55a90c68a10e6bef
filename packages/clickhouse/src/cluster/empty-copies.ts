import type { CallOptions } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

interface Copy {
  readonly name: string;
  readonly shard: string;
  readonly sql: Sql;
  /** Whether anything was migrated there. */
  readonly hasSchema: boolean;
}

/**
 * Returns why a copy without tables must not get empty ones: another copy of its shard has rows, and reads of the new one would lack them. Servers
 * fill replicated copies by themselves.
 */
export async function findEmptyCopy(
  copies: readonly Copy[],
  operation: string,
  options: CallOptions,
): Promise<string | undefined> {
  for (const empty of copies.filter(({ hasSchema }) => !hasSchema)) {
    for (const other of copies) {
      if (other.shard !== empty.shard || !other.hasSchema || !(await hasRows(other, operation, options)))
        continue;
      return `${empty.name} has no tables, and ${other.name} has rows of their shard ${empty.shard}. Fill it first (docs/operations/fill-a-copy.md)`;
    }
  }
  return undefined;
}

async function hasRows({ sql }: Copy, operation: string, options: CallOptions): Promise<boolean> {
  const [found] = await sql.on('system').rows<{ found: number }>(
    operation,
    `SELECT toUInt8(sum(total_rows) > 0) AS found FROM system.tables
     WHERE database = {database:String} AND NOT startsWith(name, 'schema_')`,
    { database: sql.database },
    options,
  );
  return found!.found === 1;
}
