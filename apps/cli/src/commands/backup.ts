import { resolve } from 'node:path';
import {
  backupStatus,
  type BackupSummary,
  copyArchive,
  copyBackup,
  type CopiedBackup,
  createBackup,
  listBackups,
  pruneBackups,
  type PrunedBackups,
  restoreDrill,
  verifyBackup,
} from '@quantumtrade/dal-operations';
import { type Command, InvalidArgumentError } from 'commander';
import {
  type StoreOptions,
  withBackupStore,
  withCopyOption,
  withSecondStore,
  withStoreOptions,
} from '../backup-store.js';
import { EXIT } from '../exit-codes.js';
import { copiedArchiveText } from './archive.js';
import { bytes, count, seconds, table } from '../output.js';
import type { RunSession } from '../session.js';

export function addBackup(program: Command, run: RunSession): void {
  const group = program
    .command('backup')
    .description('Back up the database; verify, copy and remove backups; drill restores.');
  const subcommand = (usage: string) => withStoreOptions(group.command(usage));

  subcommand('create')
    .description('Back up the database: what has changed since the newest backup, or all of it.')
    .option('--full', 'all rows; begins a new chain')
    .action((options: StoreOptions & { full?: boolean }) =>
      run(options, ({ open, config, output, signal }) =>
        withBackupStore(config, options, async (store) => {
          const { database } = await open();
          const full = options.full === true;
          const { retainDays } = (await config()).backup;
          const backup = await createBackup(database.backups, store, { full, retainDays, signal });
          output.result(backup, () => `Backup ${backup.id} is complete (${backup.kind}): ${sizes(backup)}.`);
          return EXIT.ok;
        }),
      ),
    );

  subcommand('list')
    .description('List backups, the oldest first. Exits with 4 when a manifest is damaged.')
    .action((options: StoreOptions) =>
      run(options, ({ config, output, signal }) =>
        withBackupStore(config, options, async (store) => {
          const backups = await listBackups(store, { signal });
          output.result(backups, () => (backups.length > 0 ? table(backups.map(listed)) : 'No backups.'));
          return backups.some(({ problem }) => problem !== undefined) ? EXIT.data : EXIT.ok;
        }),
      ),
    );

  subcommand('verify')
    .description(
      'Read all objects of a backup and compare them with its manifest. Exits with 4 when one differs.',
    )
    .argument('[id]', 'backup; the newest one by default')
    .action((id: string | undefined, options: StoreOptions) =>
      run(options, ({ config, output, signal }) =>
        withBackupStore(config, options, async (store) => {
          const found = await verifyBackup(store, { id, signal });
          const { problems } = found;
          output.result(found, () =>
            [
              `Backup ${found.id}: ${count(found.objects)} objects, ${bytes(found.bytes)}, ${problems.length} problems.`,
              ...problems.map(({ key, problem }) => `DAMAGED  ${key}: ${problem}`),
            ].join('\n'),
          );
          return problems.length > 0 ? EXIT.data : EXIT.ok;
        }),
      ),
    );

  withCopyOption(subcommand('copy'))
    .description(
      'Copy a backup, those that it continues, and the archive to the second store. Exits with 4 when something is damaged.',
    )
    .argument('[id]', 'backup; the newest one by default')
    .action((id: string | undefined, options: StoreOptions & { to?: string }) =>
      run(options, ({ config, output, signal }) =>
        withSecondStore(config, options, async (from, to, retainDays) => {
          const backup = await copyBackup(from, to, { id, retainDays, signal });
          const archive = await copyArchive(from, to, { retainDays, signal });
          output.result({ ...backup, archive }, () =>
            archive.writers === 0
              ? copiedText(backup)
              : `${copiedText(backup)}\n${copiedArchiveText(archive)}`,
          );
          return EXIT.ok;
        }),
      ),
    );

  subcommand('prune')
    .description(
      'Remove old chains of backups, and what unfinished backups have left. Without --yes, it only lists them.',
    )
    .requiredOption(
      '--keep <chains>',
      'required: newest chains to keep, full backups with what follows each',
      atLeastOne,
    )
    .option('--yes', 'remove them')
    .action((options: StoreOptions & { keep: number; yes?: boolean }) =>
      run(options, ({ config, output, signal }) =>
        withBackupStore(config, options, async (store) => {
          const dryRun = options.yes !== true;
          const pruned = await pruneBackups(store, { keep: options.keep, dryRun, signal });
          output.result({ ...pruned, removed: !dryRun }, () => prunedText(pruned, dryRun));
          return EXIT.ok;
        }),
      ),
    );

  subcommand('drill')
    .description(
      'Restore the newest backup into a database of its own, compare it, drop it. Exits with 4 when that fails.',
    )
    .action((options: StoreOptions) =>
      run(options, ({ open, config, output, signal }) =>
        withBackupStore(config, options, async (store) => {
          const { database } = await open();
          const drill = await restoreDrill(database.backups, store, { signal });
          const { outcome, id, rows, durationMs, reason } = drill;
          output.result(drill, () =>
            outcome === 'passed'
              ? `Drill passed: ${id}, ${count(rows)} rows in ${seconds(durationMs)}.`
              : `Drill FAILED after ${seconds(durationMs)}: ${reason}`,
          );
          return outcome === 'passed' ? EXIT.ok : EXIT.data;
        }),
      ),
    );

  subcommand('status')
    .description(
      'Report the newest verified backup and the last drill. Exits with 4 when one is missing or too old.',
    )
    .action((options: StoreOptions) =>
      run(options, ({ config, output, signal }) =>
        withBackupStore(config, options, async (store) => {
          const status = await backupStatus(store, { signal });
          const { isOk, problems, newest, newestVerified, lastDrill, lastCopy } = status;
          output.result(status, () =>
            [
              `Newest backup    ${newest?.id ?? 'none'}`,
              `Newest verified  ${newestVerified?.id ?? 'none'}`,
              `Last drill       ${lastDrill ? `${lastDrill.startedAt} ${lastDrill.outcome}` : 'none'}`,
              `Archive copied   ${lastCopy ? `to ${lastCopy.reachesTo} in ${lastCopy.to}` : 'never'}`,
              ...problems.map((problem) => `PROBLEM  ${problem}`),
            ].join('\n'),
          );
          return isOk ? EXIT.ok : EXIT.data;
        }),
      ),
    );

  subcommand('schedule')
    .description('Print lines for cron: daily backups, a full one and a drill a week.')
    .action((options: StoreOptions) =>
      run(options, async ({ output }) => {
        const lines = scheduleLines(options);
        output.result(lines, () => lines.join('\n'));
        return EXIT.ok;
      }),
    );
}

const copiedText = ({ id, backups, objects, bytes: size, present }: CopiedBackup): string =>
  `Backup ${id} is copied, with ${backups.length - 1} before it: ${count(objects)} objects, ${bytes(size)}; ${count(present)} were there.`;

const sizes = ({ rows, bytes: all, ownBytes }: BackupSummary): string =>
  `${count(rows!)} rows, ${bytes(all!)}, of which ${bytes(ownBytes!)} are new`;

const listed = ({
  id,
  problem,
  kind,
  completedAt,
  schemaVersion,
  rows,
  bytes: all,
  ownBytes,
}: BackupSummary) => ({
  id,
  kind: problem === undefined ? kind : 'DAMAGED',
  completed: completedAt,
  schema: schemaVersion,
  rows,
  size: all === undefined ? undefined : bytes(all),
  own: ownBytes === undefined ? undefined : bytes(ownBytes),
});

function prunedText({ backups, objects, bytes: size }: PrunedBackups, dryRun: boolean): string {
  const what = `${backups.length} backups, ${count(objects)} objects, ${bytes(size)}`;
  const names = backups.map((id) => `  ${id}`);
  return dryRun
    ? [`Would be removed: ${what}.`, ...names, 'Nothing was changed: add --yes to remove them.'].join('\n')
    : [`Removed: ${what}.`, ...names].join('\n');
}

function scheduleLines({ store, config }: StoreOptions): string[] {
  const options = [
    ...(config === undefined ? [] : [`--config ${resolve(config)}`]),
    ...(store === undefined ? [] : [`--store ${store}`]),
  ].join(' ');
  const line = (when: string, ...commands: string[]) =>
    `${when} ${commands.map((command) => `qtdal backup ${command} ${options}`.trim()).join(' && ')}`;
  return [
    line('17 2 * * 1-6', 'create', 'verify'),
    line('17 2 * * 0', 'create --full', 'verify', 'prune --keep 4 --yes'),
    line('17 5 * * 0', 'drill'),
  ];
}

function atLeastOne(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return Number(text);
}
