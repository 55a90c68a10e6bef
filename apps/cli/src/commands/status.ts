import type { Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import { milliseconds } from '../output.js';
import type { RunSession } from '../run.js';
import type { CommonOptions } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';

export function addStatus(program: Command, run: RunSession): void {
  withJson(withCommonOptions(program.command('status')))
    .description('Whether both backends answer, the version of the schema, and latencies.')
    .action((options: CommonOptions) =>
      run(options, async ({ open, output }) => {
        const { database, backends } = await open();
        const health = await database.health();
        const metrics = await database.getPerformanceMetrics();
        const state = (healthy: boolean) => (healthy ? 'answers' : 'DOES NOT ANSWER');
        output.result({ backends, health, metrics }, () =>
          [
            `store   ${backends.timeSeries}: ${state(health.clickhouseHealthy)}`,
            `cache   ${backends.cache}: ${state(health.redisHealthy)}`,
            `schema  version ${health.schemaVersion}`,
            `open    ${health.connectionCount} connections`,
            `latency ${milliseconds(metrics.queryLatencyP50)} median of this command's own queries`,
          ].join('\n'),
        );
        return health.clickhouseHealthy && health.redisHealthy ? EXIT.ok : EXIT.connection;
      }),
    );
}
