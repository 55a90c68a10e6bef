import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { SchemaLoss, SchemaPreview } from '@quantumtrade/dal-domain';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { EXIT, UsageError } from '../exit-codes.js';
import { bytes, count } from '../output.js';
import type { CommonOptions, RunSession } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';

export function addMigrate(program: Command, run: RunSession): void {
  withJson(withCommonOptions(program.command('migrate')))
    .description(
      'Migrate the schema to a version, the newest by default. A migration down drops data: without --yes, it only lists the loss.',
    )
    .argument('[version]', 'target version; 0 is the empty schema', version)
    .option('--yes', 'migrate down and drop data')
    .action((target: number | undefined, options: CommonOptions & { yes?: boolean }) =>
      run(options, async ({ open, output, signal }) => {
        const { database, backends } = await open();
        const preview = await database.schema.preview(target, { signal });
        if (preview.to < preview.from && !options.yes) throw new UsageError(warning(preview));
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
}

const driftOf = async (database: DatabaseAbstraction, signal: AbortSignal) =>
  (await database.validateSchema({ signal })).drift;

function warning({ from, to, losses, refusal }: SchemaPreview): string {
  if (refusal !== undefined)
    return `Going from version ${from} to ${to} would fail: ${refusal}. Nothing was changed.`;
  const lost = losses.length > 0 ? `:\n${losses.map(describeLoss).join('\n')}\n` : ' no data. ';
  return `Going from version ${from} to ${to} loses${lost}Nothing was changed: add --yes to go down.`;
}

function describeLoss({ object, change, rows, bytes: size }: SchemaLoss): string {
  return `  ${object} ${change}: ${count(rows)} rows${size === undefined ? '' : `, ${bytes(size)}`}`;
}

function version(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return Number(text);
}
