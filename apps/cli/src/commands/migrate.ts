import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { EXIT } from '../exit-codes.js';
import type { RunSession } from '../run.js';
import type { CommonOptions } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';

export function addMigrate(program: Command, run: RunSession): void {
  withJson(withCommonOptions(program.command('migrate')))
    .description('Move the schema to a version, the newest by default. Going down drops data.')
    .argument('[version]', 'version to go to; 0 is the empty schema', version)
    .action((target: number | undefined, options: CommonOptions) =>
      run(options, async ({ open, output, signal }) => {
        const { database, backends } = await open();
        const from = await database.schema.version({ signal });
        if (target === undefined) await database.initializeSchema({ signal });
        else await database.migrateSchema(target, { signal });
        const to = await database.schema.version({ signal });
        output.result({ from, to, store: backends.timeSeries }, () =>
          from === to ? `Schema is at version ${to} already.` : `Schema moved from version ${from} to ${to}.`,
        );
        return EXIT.ok;
      }),
    );
}

function version(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return Number(text);
}
