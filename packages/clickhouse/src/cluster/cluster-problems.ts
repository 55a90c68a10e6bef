import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ClusterSettings } from '../settings.js';
import type { ClusterServer } from './cluster-server.js';
import { ShardLayout } from './shard-layout.js';

/** View of a server on the cluster and its own place in it. */
export interface ClusterView {
  /** Shards of the cluster in the server's configuration, 0 without the cluster. */
  readonly shards: number;
  /** Shard of each server of the cluster in that configuration. */
  readonly places: readonly string[];
  /** Number of the shard in which the server finds itself; undefined where it finds itself nowhere, such as behind a proxy. */
  readonly ownShard: number | undefined;
  /** Macros that tables are replicated by. */
  readonly macros: { readonly shard?: string; readonly replica?: string };
}

/** A difference between the configuration and what a server says. */
export interface ClusterProblem {
  readonly server: string;
  readonly problem: string;
}

export async function readClusterView(
  { sql }: Pick<ClusterServer, 'sql'>,
  { name, copies }: ClusterSettings,
  operation: string,
  options: CallOptions,
): Promise<ClusterView> {
  const server = sql.on('system');
  const [view] = await server.rows<{ shards: number; own: number; places: string }>(
    operation,
    `SELECT toUInt32(uniqExact(shard_num)) AS shards, toUInt32(maxIf(shard_num, is_local)) AS own,
       arrayStringConcat(groupArray(toString(shard_num)), ',') AS places
     FROM system.clusters WHERE cluster = {cluster:String}`,
    { cluster: name },
    options,
  );
  const macros =
    copies === 'replicated'
      ? await server.rows<{ macro: string; substitution: string }>(
          operation,
          `SELECT macro, substitution FROM system.macros WHERE macro IN ('shard', 'replica')`,
          {},
          options,
        )
      : [];
  return {
    shards: view!.shards,
    places: view!.places.split(','),
    ownShard: view!.own || undefined,
    macros: Object.fromEntries(macros.map(({ macro, substitution }) => [macro, substitution])),
  };
}

/**
 * Returns what makes a cluster store rows twice, or read too few of them.
 *
 * @param endpoints - shard of each endpoint, also of those that did not answer
 */
export function findProblems(
  { name, copies, layout }: ClusterSettings,
  servers: readonly { readonly server: Omit<ClusterServer, 'sql'>; readonly answer: ClusterView }[],
  endpoints: readonly string[],
): ClusterProblem[] {
  const needed = new ShardLayout(layout).shards.length;
  const configured = new Set(endpoints).size;
  const problems: ClusterProblem[] = [];
  for (const { server, answer } of servers) {
    const found = (problem: string) => problems.push({ server: server.name, problem });
    const { shards, ownShard, places } = answer;
    if (shards === 0) found(`the cluster ${name} is not in its remote_servers`);
    else if (shards < needed)
      found(`the cluster ${name} has ${shards} shards, and the layout needs ${needed}`);
    else if (shards > configured)
      found(`the cluster ${name} has ${shards} shards, and the endpoints are of ${configured}`);
    if (ownShard !== undefined && String(ownShard) !== server.shard)
      found(`is of shard ${ownShard} of the cluster ${name}, and of shard ${server.shard} in the endpoints`);
    if (copies === 'written') for (const problem of unwrittenCopies(places, endpoints)) found(problem);
    if (copies === 'replicated') for (const problem of macroProblems(server, answer, servers)) found(problem);
  }
  return problems;
}

/** A copy that is not among the endpoints gets no rows, and reads of all shards are answered by it all the same. */
function unwrittenCopies(places: readonly string[], endpoints: readonly string[]): string[] {
  return [...new Set(endpoints)].flatMap((shard) => {
    const [known, written] = [places, endpoints].map(
      (shards) => shards.filter((each) => each === shard).length,
    );
    if (known! <= written!) return [];
    return [
      `reads ${known} copies of shard ${shard}, and the endpoints have ${written}, which alone get rows`,
    ];
  });
}

/** Servers with the same macros would store the rows of different shards in one table, or take each other's place. */
function macroProblems(
  server: Omit<ClusterServer, 'sql'>,
  { macros }: ClusterView,
  servers: readonly { readonly server: Omit<ClusterServer, 'sql'>; readonly answer: ClusterView }[],
): string[] {
  const missing = (['shard', 'replica'] as const).filter((macro) => macros[macro] === undefined);
  if (missing.length > 0) return missing.map((macro) => `has no macro {${macro}}`);
  const before = servers.slice(
    0,
    servers.findIndex((each) => each.server === server),
  );
  return before.flatMap(({ server: other, answer }) => {
    const isSameShard = answer.macros.shard === macros.shard;
    if (isSameShard !== (other.shard === server.shard))
      return [
        `has ${isSameShard ? 'the macro {shard} of' : 'another macro {shard} than'} ${other.name}, ${macros.shard}`,
      ];
    return isSameShard && answer.macros.replica === macros.replica
      ? [`has the macro {replica} of ${other.name}, ${macros.replica}`]
      : [];
  });
}
