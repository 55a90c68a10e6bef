import type { CopyComparison, CopyRepair, ShardPartition } from '@quantumtrade/dal-domain/operations';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { describeComparison, isAlike } from '../copies.js';
import { EXIT, UsageError, type ExitCode } from '../exit-codes.js';
import { count } from '../output.js';
import type { CommonOptions, RunSession, Session } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';

type SettleOptions = CommonOptions & { settle?: number };

export function addCluster(program: Command, run: RunSession): void {
  const cluster = program
    .command('cluster')
    .description('Compare and repair the copies of the shards of a cluster with copies = "written".');
  const subcommand = (name: string) =>
    withJson(withCommonOptions(cluster.command(name))).option(
      '--settle <seconds>',
      'time in which a write reaches all copies (default: 5)',
      parseSeconds,
    );

  subcommand('compare')
    .description('Print each partition whose rows differ among the copies of its shard.')
    .option('--counts', 'compare the numbers of rows only, not their values')
    .action((options: SettleOptions & { counts?: boolean }) =>
      run(options, async (session) => {
        const { database } = await openCopies(session);
        const content = options.counts !== true;
        const compared = await database.copies.compare({
          settleMs: options.settle,
          content,
          signal: session.signal,
        });
        session.output.result(compared, () => describeComparison(compared).join('\n'));
        return exitCodeOf(compared);
      }),
    );

  subcommand('repair')
    .description('Write the rows that a copy lacks to it, from the other copies of its shard.')
    .option('--restore-deleted', 'also where rows of the table were deleted by hand on that copy alone')
    .action((options: SettleOptions & { restoreDeleted?: boolean }) =>
      run(options, async (session) => {
        const { database } = await openCopies(session);
        const { restoreDeleted, settle: settleMs } = options;
        const repair = await database.copies.repair({ settleMs, restoreDeleted, signal: session.signal });
        session.output.result(repair, () => describeRepair(repair));
        return exitCodeOf(repair.after);
      }),
    );
}

/** Opens a data layer whose writer keeps the copies of its shards. */
async function openCopies({ config, open }: Session) {
  const { backend, clickhouse } = await config();
  if (backend !== 'clickhouse-redis' || clickhouse.cluster?.copies !== 'written')
    throw new UsageError(
      'There are no copies to compare: clickhouse.cluster.copies is not "written". Replicated copies are compared and repaired by the servers.',
    );
  return open();
}

/** Returns the milliseconds of a number of seconds. */
function parseSeconds(text: string): number {
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(text)) throw new InvalidArgumentError('It must be a number of seconds.');
  return Math.round(1_000 * Number(text));
}

function exitCodeOf(compared: CopyComparison): ExitCode {
  if (!isAlike(compared)) return EXIT.data;
  return compared.unreachable.length > 0 ? EXIT.connection : EXIT.ok;
}

const describe = ({ shard, table, partition }: ShardPartition) =>
  `shard ${shard}, ${table}, partition ${partition}`;

function describeRepair({ copied, refused, after }: CopyRepair): string {
  return [
    ...copied.map((each) => `${describe(each)}: ${count(each.rows)} rows written to ${each.server}`),
    ...refused.map((each) => `${describe(each)}: NOT written to ${each.server}: ${each.reason}`),
    ...describeComparison(after),
  ].join('\n');
}
