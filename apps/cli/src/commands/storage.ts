import type { PartitionStorage, ServerStorage, TableRetention } from '@quantumtrade/dal-domain/operations';
import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.js';
import { EXIT, UsageError } from '../exit-codes.js';
import { bytes, count, table } from '../output.js';
import { describeRetention, expiredTotal } from '../retention.js';
import type { CommonOptions, RunSession, Session } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';

export function addStorage(program: Command, run: RunSession): void {
  const storage = program.command('storage');
  withJson(withCommonOptions(storage))
    .description(
      'Print rows, parts, bytes and ages by table and partition, and what the next clean-up deletes.',
    )
    .action((options: CommonOptions) => run(options, showUsage));

  withJson(withCommonOptions(storage.command('plan')))
    .description(
      'Print the statements that apply the configured retention, and the rows that the first clean-up deletes.',
    )
    .action((options: CommonOptions) =>
      run(options, async ({ open, output, signal }) => {
        const { database } = await open();
        const plan = await database.storage.plan({ signal });
        output.result(plan, () => describePlan(plan, 'Retention is applied as it is configured.'));
        return EXIT.ok;
      }),
    );

  withJson(withCommonOptions(storage.command('apply')))
    .description('Apply the configured retention. Where that deletes rows, it needs --yes.')
    .option('--yes', 'apply retention that deletes stored rows')
    .action((options: CommonOptions & { yes?: boolean }) =>
      run(options, async ({ open, output, signal }) => {
        const { database } = await open();
        const plan = await database.storage.plan({ signal });
        const changed = plan.filter(({ statement }) => statement !== null);
        if (!options.yes && changed.some(({ expired }) => expired.length > 0))
          throw new UsageError(
            `${describePlan(changed, '')}\nNothing was changed: add --yes to delete these rows.`,
          );
        const applied = await database.storage.apply({ signal, deleteRows: options.yes === true });
        output.result(applied, () => describePlan(applied, 'Retention was applied already.'));
        return EXIT.ok;
      }),
    );
}

async function showUsage({ open, output, signal }: Session): Promise<ExitCode> {
  const { database } = await open();
  const servers = await database.storage.usage({ signal });
  const retention = await database.storage.plan({ signal });
  output.result({ servers, retention }, () =>
    [
      ...servers.map((server) => describeServer(server, servers.length > 1, retention)),
      ...describeRetention(retention),
    ].join('\n'),
  );
  return servers.every(({ error }) => error === undefined) ? EXIT.ok : EXIT.connection;
}

/**
 * Returns the partitions of a server, with its name where there are several. Only a single one has the rows that expire, because those of
 * several servers are known together.
 */
export function describeServer(
  { name, error, partitions, unfinishedMutations, failedMutations }: ServerStorage,
  isNamed: boolean,
  retention: readonly TableRetention[],
): string {
  const heading = isNamed ? [`${name}:`] : [];
  if (error !== undefined) return `${name}: not known (${error})`;
  const rows = partitions.map((partition) => rowOf(partition, isNamed ? [] : retention));
  return [
    ...heading,
    rows.length > 0 ? table(rows) : 'No rows are stored.',
    ...(unfinishedMutations > 0
      ? [`${unfinishedMutations} mutations are unfinished, ${failedMutations} of them fail.`]
      : []),
  ].join('\n');
}

const day = (instant: number | null) =>
  instant === null ? '' : new Date(instant).toISOString().slice(0, 19);

function rowOf(partition: PartitionStorage, retention: readonly TableRetention[]) {
  const { compressedBytes, uncompressedBytes } = partition;
  const expired = retention
    .find((each) => each.table === partition.table)
    ?.expired.find((each) => each.partition === partition.partition);
  return {
    table: partition.table,
    partition: partition.partition,
    rows: count(partition.rows),
    parts: partition.parts,
    compressed: bytes(compressedBytes),
    uncompressed: bytes(uncompressedBytes),
    ratio: compressedBytes > 0 ? (uncompressedBytes / compressedBytes).toFixed(1) : '',
    oldest: day(partition.oldest),
    newest: day(partition.newest),
    expired: expired ? count(expired.rows) : '',
  };
}

/** Returns the statement of each table that has one, with the rows that it deletes. */
function describePlan(plan: readonly TableRetention[], otherwise: string): string {
  const changed = plan.filter(({ statement }) => statement !== null);
  if (changed.length === 0) return otherwise;
  return changed
    .flatMap((each) => [
      `${each.statement};`,
      ...each.expired.map(
        ({ partition, rows, bytes: size }) =>
          `  deletes ${count(rows)} rows, ${bytes(size)}, of partition ${partition}`,
      ),
      ...(each.expired.length > 1
        ? [`  deletes ${count(expiredTotal(each).rows)} rows, ${bytes(expiredTotal(each).bytes)}, in all`]
        : []),
    ])
    .join('\n');
}
