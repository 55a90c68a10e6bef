import {
  archivedWriters,
  copyArchive,
  type CopiedArchive,
  pruneArchive,
  retireWriter,
  verifyArchive,
} from '@quantumtrade/dal-operations';
import type { Command } from 'commander';
import {
  type StoreOptions,
  withBackupStore,
  withCopyOption,
  withSecondStore,
  withStoreOptions,
} from '../backup-store.js';
import { EXIT, UsageError } from '../exit-codes.js';
import { bytes, count, table } from '../output.js';
import type { RunSession } from '../session.js';

export function addArchive(program: Command, run: RunSession): void {
  const group = program
    .command('archive')
    .description(
      'Show, verify, copy and prune the archive of stored blocks, from which restores to an instant are made.',
    );
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

  subcommand('verify')
    .description(
      'Read all segments and compare them with their hashes. Exits with 4 when one differs, or there is no archive.',
    )
    .action((options: StoreOptions) =>
      run(options, ({ config, output, signal }) =>
        withBackupStore(config, options, async (store) => {
          const found = await verifyArchive(store, { signal });
          const { writers, segments, bytes: size, problems } = found;
          output.result(found, () =>
            [
              `${writers} writers: ${count(segments)} segments, ${bytes(size)}, ${problems.length} problems.`,
              ...problems.map(({ key, problem }) => `DAMAGED  ${key}: ${problem}`),
            ].join('\n'),
          );
          return problems.length > 0 || writers === 0 ? EXIT.data : EXIT.ok;
        }),
      ),
    );

  withCopyOption(subcommand('copy'))
    .description(
      'Copy what the second store lacks of the archive. Exits with 4 when something is damaged, or there is no archive.',
    )
    .action((options: StoreOptions & { to?: string }) =>
      run(options, ({ config, output, signal }) =>
        withSecondStore(config, options, async (from, to, retainDays) => {
          const copied = await copyArchive(from, to, { retainDays, signal });
          output.result(copied, () => copiedArchiveText(copied));
          // A scheduled copy that finds no archive must not pass for successful.
          return copied.writers === 0 ? EXIT.data : EXIT.ok;
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

export const copiedArchiveText = ({
  reachesTo,
  writers,
  segments,
  bytes: size,
  present,
}: CopiedArchive): string =>
  writers === 0
    ? 'No archives.'
    : `The archive is copied: ${count(segments)} segments, ${bytes(size)}; ${count(present)} were there. It reaches to ${reachesTo.toISOString()}.`;
