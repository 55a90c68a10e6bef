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
      const isWrittenTwice = copies === 'written' && hasCopies(servers());
      return first.answer.map((_, index) => {
        const tables = answered.map(({ server, answer }) => ({ server, answer: answer[index]! }));
        return mergeTable(tables, isWrittenTwice);
      });
    },
  };
}

/** Whether every shard has two servers at least. */
const hasCopies = (servers: readonly ClusterServer[]): boolean =>
  servers.every(({ shard, name }) => servers.some((other) => other.shard === shard && other.name !== name));

function mergeTable(tables: readonly ServerGuarantees[], isWrittenTwice: boolean): TableGuarantees {
  const { table } = tables[0]!.answer;
  if (tables.some(({ answer }) => !answer.exists)) return tableGuarantees(table, undefined);
  const reasons = Object.fromEntries(GUARANTEES.map((guarantee) => [guarantee, reasonOf(tables, guarantee)]));
  // The writer has the acknowledgement of each copy.
  if (isWrittenTwice) reasons['replicated'] = undefined;
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
