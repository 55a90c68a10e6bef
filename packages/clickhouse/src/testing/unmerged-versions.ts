import type { RecordDefinition } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** In the order in which they are stored: neither the first nor the last part has the newest version. */
const VERSIONS = [2, 3, 1];

/**
 * Stores several versions of rows, each in parts of its own that are not merged.
 * @param insertsOf returns what follows `INSERT INTO` for a version; `written` is the expression of the version's column
 */
export async function storeUnmergedVersions(
  sql: Sql,
  definitions: readonly RecordDefinition[],
  insertsOf: (version: number, written: string) => readonly string[],
): Promise<void> {
  for (const { table } of definitions) {
    await sql.on('system').command('test', `SYSTEM STOP MERGES ${sql.database}.${table}`);
  }
  for (const version of VERSIONS) {
    const written = `reinterpret(toInt64(${version}), 'DateTime64(8)')`;
    for (const insert of insertsOf(version, written)) await sql.command('test', `INSERT INTO ${insert}`);
  }
}
