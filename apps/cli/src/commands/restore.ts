import { isDatabaseError, ValidationError } from '@quantumtrade/dal-domain';
import { restoreBackup } from '@quantumtrade/dal-operations';
import type { Command } from 'commander';
import { type StoreOptions, withBackupStore, withStoreOptions } from '../backup-store.js';
import { DataProblem, EXIT, UsageError } from '../exit-codes.js';
import { bytes, count } from '../output.js';
import type { CommonOptions, RunSession } from '../session.js';
import { withCommonOptions, withJson } from '../session.js';

export function addRestore(program: Command, run: RunSession): void {
  const restore = withStoreOptions(program.command('restore').enablePositionalOptions())
    .description(
      'Restore a backup into a new database beside the one in use. Exits with 4 when the backup is damaged.',
    )
    .argument('[id]', 'backup; the newest one by default')
    .option('--into <database>', 'name of the new database')
    .action((id: string | undefined, options: StoreOptions & { into?: string }) =>
      run(options, ({ open, output, signal }) =>
        withBackupStore(options, async (store) => {
          const { into } = options;
          if (into === undefined) throw new UsageError('Name the new database: --into NAME.');
          const { database } = await open();
          const restored = await restoreBackup(database.backups, store, { into, id, signal }).catch(
            (error: unknown) => {
              throw isDamage(error) ? new DataProblem(error.message) : error;
            },
          );
          const { manifest, rows, bytes: size, schemaVersion } = restored;
          const { completedAt } = manifest;
          output.result(
            { database: into, id: manifest.id, completedAt, rows, bytes: size, schemaVersion },
            () =>
              [
                `Backup ${manifest.id} is restored into ${into}: ${count(rows)} rows, ${bytes(size)}, as of ${completedAt}.`,
                `Put it in use with: qtdal restore promote ${into} --keep-as NAME --yes`,
              ].join('\n'),
          );
          return EXIT.ok;
        }),
      ),
    );

  withJson(withCommonOptions(restore.command('promote')))
    .description('Put a restored database in the place of the one in use, whose tables are kept in another.')
    .argument('<database>', 'restored database')
    .requiredOption('--keep-as <database>', 'new database for the tables that are in use now')
    .option('--yes', 'do it; end all writers before')
    .action((side: string, options: CommonOptions & { keepAs: string; yes?: boolean }) =>
      run(options, async ({ open, output, signal }) => {
        const { keepAs, yes } = options;
        if (!yes) {
          throw new UsageError(
            `The tables in use would be replaced by those of ${side} and kept in ${keepAs}. Nothing was changed: add --yes.`,
          );
        }
        const { database } = await open();
        await database.backups.promote(side, keepAs, { signal });
        output.result(
          { promoted: side, keptAs: keepAs },
          () => `The tables of ${side} are in use; the former ones are in ${keepAs}.`,
        );
        return EXIT.ok;
      }),
    );
}

/** Whether a restore was refused for what it found in the store, and not for how it was called. */
const isDamage = (error: unknown): error is ValidationError =>
  isDatabaseError(error) &&
  error instanceof ValidationError &&
  (error.field.includes('/') || error.field === 'content');
