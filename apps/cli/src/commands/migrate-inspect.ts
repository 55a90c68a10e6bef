import type { SchemaPlan, SchemaStatus, SchemaStep } from '@quantumtrade/dal-domain';
import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.js';
import { EXIT } from '../exit-codes.js';
import { bytes, count, table } from '../output.js';
import type { CommonOptions, RunSession } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';
import { describeLoss, versionArgument } from './migrate-arguments.js';

/** Adds `migrate status` and `migrate plan`, which change nothing. */
export function addInspection(migrate: Command, run: RunSession): void {
  withJson(withCommonOptions(migrate.command('status')))
    .description('Print which migrations are applied, stopped half-way and pending.')
    .action((options: CommonOptions) =>
      run(options, async ({ open, output, signal }) => {
        const { database } = await open();
        const status = await database.schema.status({ signal });
        output.result(status, () => statusText(status));
        return exitCodeFor(status);
      }),
    );
  withJson(withCommonOptions(migrate.command('plan')))
    .description(
      'Print the statements that a migration would run, with what each blocks, rewrites and loses. Changes nothing.',
    )
    .argument('[version]', 'target version, the newest by default', versionArgument)
    .action((target: number | undefined, options: CommonOptions) =>
      run(options, async ({ open, output, signal }) => {
        const { database } = await open();
        const plan = await database.schema.plan(target, { signal });
        output.result(plan, () => planText(plan));
        return EXIT.ok;
      }),
    );
}

/** Fails for a schema that is between two versions, and for one that is not known of a server. */
export function exitCodeFor({ unfinished, servers = [] }: SchemaStatus): ExitCode {
  if (servers.some(({ error }) => error !== undefined)) return EXIT.connection;
  const versions = new Set(servers.map(({ version }) => version));
  return unfinished.length > 0 || versions.size > 1 ? EXIT.data : EXIT.ok;
}

export function statusText({ version, newest, applied, unfinished, pending, servers }: SchemaStatus): string {
  const rows = [
    ...applied.map(({ appliedAt, ...migration }) => ({
      ...migration,
      state: appliedAt ? `applied at ${appliedAt.toISOString()}` : 'applied',
    })),
    ...unfinished.map(({ direction, done, statements, backfill, server, ...migration }) => ({
      ...migration,
      state:
        `stopped ${server === undefined ? '' : `on ${server} `}on its way ${direction} after statement ${done} of ${statements}` +
        (backfill
          ? `, ${backfill.partitionsDone} of ${backfill.partitions} partitions of ${backfill.table} copied`
          : ''),
    })),
    ...pending.map((migration) => ({ ...migration, state: 'pending' })),
  ].sort((a, b) => a.version - b.version);
  const serverRows = servers?.map((server) => ({
    server: server.name,
    shard: server.shard,
    version: server.version ?? `not known (${server.error})`,
  }));
  return [
    `Schema is at version ${version}, the newest is ${newest}.`,
    ...(serverRows ? [table(serverRows)] : []),
    ...(rows.length > 0 ? [table(rows.map(({ version, name, state }) => ({ version, name, state })))] : []),
  ].join('\n');
}

function planText({ from, to, steps }: SchemaPlan): string {
  if (from === to && steps.length === 0) return `Schema is at version ${to} already.`;
  if (steps.length === 0) return `Going from version ${from} to ${to} runs no statement.`;
  return [`Going from version ${from} to ${to}:`, ...steps.map(stepText)].join('\n\n');
}

const stepText = ({ version, name, direction, phase, statement, blocks, rewrites, losses }: SchemaStep) =>
  [
    `${version} ${name} ${direction}, ${phase}: ${blocks}${
      rewrites ? `; rewrites ${count(rewrites.rows)} rows, ${bytes(rewrites.bytes)}` : ''
    }`,
    ...losses.map((loss) => `  LOSES${describeLoss(loss)}`),
    statement.replace(/^/gm, '    '),
  ].join('\n');
