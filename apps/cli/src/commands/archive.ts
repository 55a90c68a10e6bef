import { archivedWriters, pruneArchive, retireWriter } from '@quantumtrade/dal-operations';
import type { Command } from 'commander';
import { type StoreOptions, withBackupStore, withStoreOptions } from '../backup-store.js';
import { EXIT, UsageError } from '../exit-codes.js';
import { table } from '../output.js';
import type { RunSession } from '../session.js';

export function addArchive(program: Command, run: RunSession): void {
  const group = program
    .command('archive')
    .description('Show and prune the archive of stored blocks, from which restores to an instant are made.');
  const subcommand = (usage: string) => withStoreOptions(group.command(usage));

  subcommand('status')
    .description('List the archive of each writer, and up to when it is complete.')
    .action((options: StoreOptions) =>
      run(options, ({ config, output, signal }) =>
        withBackupStore(config, options, async (store) => {
          const writers = await archivedWriters(store, { signal });
          const rows = writers.map(({ completeTo, isClosed, ...writer }) => ({
            ...writer,
            completeTo: completeTo.toISOString(),
            state: isClosed ? 'closed' : 'open',
          }));
          output.result(writers, () => (rows.length > 0 ? table(rows) : 'No archives.'));
          return EXIT.ok;
        }),
      ),
    );

  subcommand('retire')
    .description('Close the archive of a writer that ended for good, so that restores do not wait for it.')
    .argument('<writer>', 'writer, as status lists it')
    .option('--yes', 'do it; blocks that the writer had not shipped are lost')
    .action((writer: string, options: StoreOptions & { yes?: boolean }) =>
      run(options, ({ config, output, signal }) =>
        withBackupStore(config, options, async (store) => {
          if (!options.yes) {
            throw new UsageError(
              `Blocks that ${writer} had not shipped would be lost. Nothing was changed: add --yes.`,
            );
          }
          await retireWriter(store, writer, { signal });
          output.result({ retired: writer }, () => `The archive of ${writer} is closed.`);
          return EXIT.ok;
        }),
      ),
    );

  subcommand('prune')
    .description(
      'Delete segments that no restore from the oldest backup needs. Without --yes, it only counts them.',
    )
    .option('--yes', 'delete them')
    .action((options: StoreOptions & { yes?: boolean }) =>
      run(options, ({ config, output, signal }) =>
        withBackupStore(config, options, async (store) => {
          const dryRun = options.yes !== true;
          const { segments } = await pruneArchive(store, { dryRun, signal });
          output.result({ segments, removed: !dryRun }, () =>
            dryRun
              ? `Would be removed: ${segments} segments. Add --yes to remove them.`
              : `Removed: ${segments} segments.`,
          );
          return EXIT.ok;
        }),
      ),
    );
}
