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
    'where the backups are, such as file:///backups (default: backup.url)',
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
