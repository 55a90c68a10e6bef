import type { TimeSource } from '@quantumtrade/dal-domain';
import {
  COMPARE_COPIES_OPTIONS,
  REPAIR_COPIES_OPTIONS,
  requireCopyOptions,
  type CopyController,
} from '@quantumtrade/dal-domain/operations';
import type { Sql } from '../../connection/sql.js';
import { askServers, type ClusterServer } from '../cluster-server.js';
import { compareShards, findDifferences, toCopyDifference } from './compare-copies.js';
import { comparedTime } from './copy-tables.js';
import { repairPartition } from './repair-copies.js';

const COMPARE = 'copies.compare';
const REPAIR = 'copies.repair';
const SETTLE_MS = 5_000;

/**
 * Returns the controller of the copies of shards.
 *
 * @param servers - the copies that are configured now; none where the writer does not keep them equal
 */
export function copyController(
  sql: Sql,
  servers: () => readonly ClusterServer[],
  clock: TimeSource,
): CopyController {
  return {
    compare: async (options = {}) => {
      sql.checkOpen(COMPARE, options, COMPARE_COPIES_OPTIONS);
      requireCopyOptions(options, COMPARE);
      const { content = true, settleMs = SETTLE_MS, ...call } = options;
      const time = comparedTime(clock.now(), settleMs);
      const limits = { time, settleMs, content, operation: COMPARE, options: call };
      const { answered, unreachable } = await askServers(servers(), (server) =>
        server.sql.on('system').rows(COMPARE, 'SELECT 1', {}, call),
      );
      const { differences, ...found } = await compareShards(
        answered.map(({ server }) => server),
        limits,
      );
      return {
        ...found,
        differences: differences.map(toCopyDifference),
        unreachable: unreachable.map(({ server, error }) => ({ server: server.name, error: error.message })),
      };
    },
    repair: async (options = {}) => {
      sql.checkOpen(REPAIR, options, REPAIR_COPIES_OPTIONS);
      requireCopyOptions(options, REPAIR);
      const { restoreDeleted = false, settleMs = SETTLE_MS, ...call } = options;
      const time = comparedTime(clock.now(), settleMs);
      const limits = { time, settleMs, content: true, operation: REPAIR, options: call, restoreDeleted };
      const { differences, unsettled, ...found } = await compareShards(servers(), limits);
      const copied = [];
      const refused = [];
      for (const difference of differences) {
        const done = await repairPartition(difference, limits);
        copied.push(...done.copied);
        refused.push(...done.refused);
      }
      const left = await findDifferences(
        differences.map(({ partition }) => partition),
        limits,
      );
      const after = {
        ...found,
        unreachable: [],
        differences: left.differences.map(toCopyDifference),
        unsettled: [...unsettled, ...left.unsettled],
      };
      return { copied, refused, after };
    },
  };
}
