import type { Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import { describeCache } from '../cache-state.js';
import { describeEndpoints } from '../endpoints.js';
import { describeGuarantees } from '../guarantees.js';
import { milliseconds } from '../output.js';
import { describeCondition } from '../server-condition.js';
import type { CommonOptions, RunSession } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';

export function addStatus(program: Command, run: RunSession): void {
  withJson(withCommonOptions(program.command('status')))
    .description('Print the health of both backends, the schema version, table guarantees and latencies.')
    .action((options: CommonOptions) =>
      run(options, async ({ open, output }) => {
        const { database, backends } = await open();
        const health = await database.health();
        const metrics = await database.getPerformanceMetrics();
        const { clickhouseError, redisError, guarantees } = health;
        const state = (error?: string) => (error === undefined ? 'answers' : `DOES NOT ANSWER (${error})`);
        output.result({ backends, health, metrics }, () =>
          [
            `store   ${backends.timeSeries}: ${state(clickhouseError)}`,
            ...describeEndpoints(health.endpoints).map((endpoint) => `server  ${endpoint}`),
            ...(health.servers ?? []).map((server) => `server  ${describeCondition(server)}`),
            `cache   ${backends.cache}: ${state(redisError)}, ${describeCache(health.cache)}`,
            `schema  version ${health.schemaVersion}`,
            `ready   ${health.ready ? 'yes' : 'NO'}`,
            ...health.degradedBy.map((reason) => `DEGRADED ${reason}`),
            `keeps   ${guarantees ? describeGuarantees(guarantees) : 'not known'}`,
            ...(health.pausedDeliveries ?? []).map(
              ({ journaledBlocks, reason }) =>
                `PAUSED  delivery of ${journaledBlocks} journaled blocks (${reason})`,
            ),
            `open    ${health.connectionCount} connections`,
            `latency ${milliseconds(metrics.queryLatencyP50)} median of this command's own queries`,
          ].join('\n'),
        );
        return health.clickhouseHealthy && health.redisHealthy ? EXIT.ok : EXIT.connection;
      }),
    );
}
