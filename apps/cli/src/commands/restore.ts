import { existsSync } from 'node:fs';
import { undeliveredBlocks } from '@quantumtrade/dal';
import {
  promoteRestored,
  restoreBackup,
  type RestoreBackupOptions,
  restoreTo,
} from '@quantumtrade/dal-operations';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import type { Command } from 'commander';
import { rethrowDamage, type StoreOptions, withBackupStore, withStoreOptions } from '../backup-store.js';
import { EXIT, UsageError } from '../exit-codes.js';
import { instantArgument } from '../instant-argument.js';
import { bytes, count, seconds } from '../output.js';
import type { RunSession, Session } from '../session.js';

interface RestoreOptions extends StoreOptions {
  into?: string;
  to?: Date | 'latest';
  journal?: string;
  replace?: boolean;
}

/** Time without any use after which an unfinished restore is that of a process that died. */
const REPLACE_IDLE_MS = 120_000;

export function addRestore(program: Command, run: RunSession): void {
  const restore = withStoreOptions(program.command('restore'))
    .description(
      'Restore a backup, or the database as of an instant, into a new database beside the one in use. Exits with 4 when something is damaged.',
    )
    .argument('[id]', 'backup; the newest one by default')
    .option('--into <database>', 'required: name of the new database')
    .option('--replace', 'drop the database of that name first, where an unfinished restore has left it')
    .option(
      '--to <instant>',
      'instant to restore to, from a backup and the archive, or latest',
      instantOrLatest,
    )
    .option('--journal <directory>', "a writer's directory, whose undelivered blocks are restored as well")
    .action((id: string | undefined, options: RestoreOptions) =>
      run(options, (session) =>
        withBackupStore(session.config, options, async (store) => {
          const { into, to, journal } = options;
          if (into === undefined) throw new UsageError('Name the new database: --into NAME.');
          if (to !== undefined && id !== undefined) throw new UsageError('Give a backup or --to, not both.');
          if (to === undefined && journal !== undefined) throw new UsageError('--journal needs --to.');
          if (journal !== undefined && !existsSync(journal))
            throw new UsageError(`${journal} does not exist.`);
          const target = { into, ...(options.replace && { replaceIdleMs: REPLACE_IDLE_MS }) };
          const restored =
            to === undefined
              ? fromBackup(session, store, options, target, id)
              : toInstant(session, store, options, target, to);
          await restored.catch(rethrowDamage);
          return EXIT.ok;
        }),
      ),
    );

  withStoreOptions(restore.command('promote'))
    .description('Put a restored database in the place of the one in use, whose tables are kept in another.')
    .argument('<database>', 'restored database')
    .requiredOption('--keep-as <database>', 'required: new database for the tables that are in use now')
    .option('--yes', 'do it; end all writers before')
    .action((side: string, options: StoreOptions & { keepAs: string; yes?: boolean }) =>
      run(options, async ({ open, config, output, signal }) => {
        const { keepAs, yes } = options;
        if (!yes) {
          throw new UsageError(
            `The tables in use would be replaced by those of ${side} and kept in ${keepAs}. Nothing was changed: add --yes.`,
          );
        }
        const { database } = await open();
        await withBackupStore(config, options, (store) =>
          promoteRestored(database.backups, store, { database: side, keepAs, signal }),
        );
        output.result({ promoted: side, keptAs: keepAs }, () =>
          [
            `The tables of ${side} are in use; the former ones are in ${keepAs}.`,
            'Back up now (qtdal backup create): restores to a later instant need a backup from here on.',
          ].join('\n'),
        );
        return EXIT.ok;
      }),
    );
}

/** The database that a restore creates. */
type TargetDatabase = Pick<RestoreBackupOptions, 'into' | 'replaceIdleMs'>;

async function fromBackup(
  { open, output, signal }: Session,
  store: ObjectStore,
  options: RestoreOptions,
  target: TargetDatabase,
  id: string | undefined,
): Promise<void> {
  const { database } = await open();
  const { into } = target;
  const restored = await restoreBackup(database.backups, store, { ...target, id, signal });
  const { manifest, rows, bytes: size, schemaVersion } = restored;
  const { completedAt } = manifest;
  output.result({ database: into, id: manifest.id, completedAt, rows, bytes: size, schemaVersion }, () =>
    [
      `Backup ${manifest.id} is restored into ${into}: ${count(rows)} rows, ${bytes(size)}, as of ${completedAt}.`,
      promotionHint(into, options),
    ].join('\n'),
  );
}

async function toInstant(
  { open, output, signal }: Session,
  store: ObjectStore,
  options: RestoreOptions,
  target: TargetDatabase,
  to: Date | 'latest',
): Promise<void> {
  const { database } = await open();
  const { journal } = options;
  const undelivered = journal === undefined ? undefined : undeliveredBlocks(journal);
  const restored = await restoreTo(database.backups, store, { ...target, to, undelivered, signal });
  const { backup, recoveryPoint, recoveryMs, blocks, rows, undeliveredBlocks: fromJournal } = restored;
  output.result(restored, () =>
    [
      `The database as of ${recoveryPoint.toISOString()} is restored into ${target.into} in ${seconds(recoveryMs)}:`,
      `backup ${backup}, and ${count(blocks)} blocks of ${count(rows)} rows, ${count(fromJournal)} of them from a journal.`,
      promotionHint(target.into, options),
    ].join('\n'),
  );
}

const promotionHint = (database: string, { store }: StoreOptions): string =>
  `Put it in use with: qtdal restore promote ${database} --keep-as NAME --yes${store === undefined ? '' : ` --store ${store}`}`;

const instantOrLatest = (text: string): Date | 'latest' =>
  text === 'latest' ? text : new Date(instantArgument(text));
