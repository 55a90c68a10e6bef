import type { CallOptions, SchemaDrift } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { ClusterServer } from './cluster-server.js';

/** Path in Keeper of each replicated table of a server. */
export type KeeperPaths = ReadonlyMap<string, string>;

export async function readKeeperPaths(
  sql: Sql,
  operation: string,
  options: CallOptions,
): Promise<KeeperPaths> {
  const rows = await sql.on('system').rows<{ name: string; path: string }>(
    operation,
    `SELECT name, extract(engine_full, '^Replicated\\\\w+\\\\(\\'([^\\']*)\\'') AS path FROM system.tables
     WHERE database = {database:String} AND startsWith(engine, 'Replicated') ORDER BY name`,
    { database: sql.database },
    options,
  );
  return new Map(rows.map(({ name, path }) => [name, path]));
}

/** Returns tables that do not take the rows of another copy of their shard, because each is registered under a path of its own. */
export function findDivergentPaths(
  servers: readonly { readonly server: Omit<ClusterServer, 'sql'>; readonly answer: KeeperPaths }[],
): SchemaDrift[] {
  return servers.flatMap(({ server, answer }, index) => {
    const first = servers.slice(0, index).find((each) => each.server.shard === server.shard);
    if (!first) return [];
    return [...answer]
      .filter(([table, path]) => (first.answer.get(table) ?? path) !== path)
      .map(([table, path]) => ({
        object: `${server.name}: table ${table}`,
        problem: `path in Keeper is ${path}, that of ${first.server.name} is ${first.answer.get(table)}`,
      }));
  });
}
