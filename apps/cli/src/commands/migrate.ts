import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { SchemaPreview } from '@quantumtrade/dal-domain';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../exit-codes.js';
import type { CommonOptions, RunSession } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';
import { describeLoss, versionArgument } from './migrate-arguments.js';
import { addCreation } from './migrate-create.js';
import { addInspection } from './migrate-inspect.js';

export function addMigrate(program: Command, run: RunSession): void {
  const migrate = withJson(withCommonOptions(program.command('migrate')))
    .description(
      'Migrate the schema to a version, the newest by default. Without --yes, a migration that drops data only lists the loss.',
    )
    .argument('[version]', 'target version; 0 is the empty schema', versionArgument)
    .option('--yes', 'migrate and drop data')
    .action((target: number | undefined, options: CommonOptions & { yes?: boolean }) =>
      run(options, async ({ open, output, signal }) => {
        const { database, backends } = await open();
        const preview = await database.schema.preview(target, { signal });
        const dropsData = preview.to < preview.from || preview.losses.length > 0;
        if (dropsData && !options.yes) throw new UsageError(warning(preview));
        if (target === undefined) await database.initializeSchema({ signal });
        else await database.migrateSchema(target, { signal });
        const { from, losses } = preview;
        const to = await database.schema.version({ signal });
        const drift = target === undefined ? await driftOf(database, signal) : [];
        output.result({ from, to, store: backends.timeSeries, losses, drift }, () =>
          [
            from === to
              ? `Schema is at version ${to} already.`
              : `Schema moved from version ${from} to ${to}.`,
            ...losses.map(describeLoss),
            ...drift.map(({ object, problem }) => `DRIFT  ${object}: ${problem}`),
          ].join('\n'),
        );
        return drift.length > 0 ? EXIT.data : EXIT.ok;
      }),
    );
  addInspection(migrate, run);
  addCreation(migrate, run);
  addBaseline(migrate, run);
}

function addBaseline(migrate: Command, run: RunSession): void {
  withJson(withCommonOptions(migrate.command('baseline')))
    .description(
      'Note the migrations up to a version as applied, for tables that were made in another way. Refused where the tables differ.',
    )
    .argument('<version>', 'version whose tables are there', versionArgument)
    .action((version: number, options: CommonOptions) =>
      run(options, async ({ open, output, signal }) => {
        const { database } = await open();
        await database.schema.baseline(version, { signal });
        output.result({ version }, () => `Schema is noted at version ${version}.`);
        return EXIT.ok;
      }),
    );
}

const driftOf = async (database: DatabaseAbstraction, signal: AbortSignal) =>
  (await database.validateSchema({ signal })).drift;

function warning({ from, to, losses, refusal }: SchemaPreview): string {
  if (refusal !== undefined)
    return `Going from version ${from} to ${to} would fail: ${refusal}. Nothing was changed.`;
  const lost = losses.length > 0 ? `:\n${losses.map(describeLoss).join('\n')}\n` : ' no data. ';
  const direction = to < from ? 'go down' : 'migrate';
  return `Going from version ${from} to ${to} loses${lost}Nothing was changed: add --yes to ${direction}.`;
}
