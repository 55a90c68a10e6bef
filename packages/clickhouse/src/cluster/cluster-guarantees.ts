import type { Guarantee, GuaranteeInspector, TableGuarantees } from '@quantumtrade/dal-domain';
import { GUARANTEES, tableGuarantees } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { guaranteeInspector } from '../guarantees/inspector.js';
import type { ClusterSettings } from '../settings.js';
import { askServers, type ClusterServer } from './cluster-server.js';

interface ServerGuarantees {
  readonly server: ClusterServer;
  readonly answer: TableGuarantees;
}

/** Creates the inspector of a cluster: a table gives the guarantees that it gives on every server that can be reached. */
export function clusterGuarantees(
  sql: Sql,
  servers: () => readonly ClusterServer[],
  { copies }: ClusterSettings,
): GuaranteeInspector {
  return {
    inspect: async (options) => {
      sql.checkOpen('guarantees.inspect', options);
      const { answered, unreachable } = await askServers(servers(), (server) =>
        guaranteeInspector(server.sql).inspect(options),
      );
      const [first] = answered;
      if (!first) throw unreachable[0]!.error;
      const replicated = notReplicatedReason(servers(), copies);
      return first.answer.map((_, index) => {
        const tables = answered.map(({ server, answer }) => ({ server, answer: answer[index]! }));
        return mergeTable(tables, replicated);
      });
    },
  };
}

/** Decides over `replicated` for all tables: null where nothing is missing, undefined where the tables themselves decide. */
function notReplicatedReason(
  servers: readonly ClusterServer[],
  copies: ClusterSettings['copies'],
): string | null | undefined {
  const hasCopy = ({ shard, name }: ClusterServer) =>
    servers.some((other) => other.shard === shard && other.name !== name);
  // The majority of one copy is that copy.
  const alone = servers.find((server) => !hasCopy(server));
  if (alone) return `shard ${alone.shard} has one copy`;
  // The writer has the acknowledgement of each copy.
  return copies === 'written' ? null : undefined;
}

function mergeTable(
  tables: readonly ServerGuarantees[],
  notReplicated: string | null | undefined,
): TableGuarantees {
  const { table } = tables[0]!.answer;
  if (tables.some(({ answer }) => !answer.exists)) return tableGuarantees(table, undefined);
  const reasons = Object.fromEntries(GUARANTEES.map((guarantee) => [guarantee, reasonOf(tables, guarantee)]));
  if (notReplicated !== undefined) reasons['replicated'] = notReplicated ?? undefined;
  const windows = tables.map(({ answer: { remembers } }) => remembers);
  const limits = windows.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]));
  const blocks = Math.min(...windows.map((window) => window.blocks));
  const seconds = limits.length > 0 ? Math.min(...limits) : null;
  return tableGuarantees(table, { remembers: { blocks, seconds }, reasons });
}

/** Returns the reason of the first server that lacks the guarantee, with its name unless all of them have the same reason. */
function reasonOf(tables: readonly ServerGuarantees[], guarantee: Guarantee): string | undefined {
  const found = tables.map(({ server, answer: { missing } }) => ({
    server,
    reason: missing.find((each) => each.guarantee === guarantee)?.reason,
  }));
  const lacking = found.find(({ reason }) => reason !== undefined);
  if (!lacking || found.every(({ reason }) => reason === lacking.reason)) return lacking?.reason;
  return `${lacking.reason} on ${lacking.server.name}`;
}
