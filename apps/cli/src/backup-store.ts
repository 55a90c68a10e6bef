import { openObjectStore, type ObjectStoreSettings } from '@quantumtrade/dal-container';
import { isDatabaseError, ValidationError } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import type { Command } from 'commander';
import { DataProblem, UsageError } from './exit-codes.js';
import type { CommonOptions, Session } from './session.js';
import { withCommonOptions, withJson } from './session.js';

/** Options of commands that use the store of backups. */
export interface StoreOptions extends CommonOptions {
  store?: string;
}

export const withStoreOptions = (command: Command): Command =>
  withJson(withCommonOptions(command)).option(
    '--store <url>',
    'store of the backups and the archive, such as file:///backups (default: backup.url)',
  );

/** Opens the store of backups, and closes it after the work. */
export async function withBackupStore<T>(
  config: Session['config'],
  { store }: StoreOptions,
  work: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  const { backup } = await config();
  const url = store ?? backup.url;
  if (url === undefined) throw new UsageError('Say where the backups are: --store URL, or backup.url.');
  return withStore({ ...backup, url }, work);
}

export const withCopyOption = (command: Command): Command =>
  command.option('--to <url>', 'the second store (default: backup.copy.url)');

/** Opens the store of backups and the second one, and closes both after the work. */
export async function withSecondStore<T>(
  config: Session['config'],
  options: StoreOptions & { readonly to?: string },
  work: (from: ObjectStore, to: ObjectStore, retainDays: number) => Promise<T>,
): Promise<T> {
  return withBackupStore(config, options, async (from) => {
    const { copy, ...first } = (await config()).backup;
    const url = options.to ?? copy?.url;
    if (url === undefined) throw new UsageError('Say where the copies go: --to URL, or backup.copy.url.');
    const second = { ...first, ...copy, url };
    return withStore(second, (to) => work(from, to, second.retainDays)).catch(rethrowDamage);
  });
}

/** Opens an object store, and closes it after the work. */
export async function withStore<T>(
  settings: ObjectStoreSettings,
  work: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  const store = openObjectStore(settings);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Rejects with `DataProblem` for an error about what is in the store, and not about how the command was called. */
export async function rethrowDamage(error: unknown): Promise<never> {
  const isDamage =
    isDatabaseError(error) &&
    error instanceof ValidationError &&
    (error.field.includes('/') || error.field === 'content');
  throw isDamage ? new DataProblem(error.message) : error;
}
