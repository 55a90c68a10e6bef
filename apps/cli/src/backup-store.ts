import { openBackupStore } from '@quantumtrade/dal-container';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import type { Command } from 'commander';
import { UsageError } from './exit-codes.js';
import type { CommonOptions } from './session.js';
import { withCommonOptions, withJson } from './session.js';

/** Options of commands that use the store of backups. */
export interface StoreOptions extends CommonOptions {
  store?: string;
}

export const withStoreOptions = (command: Command): Command =>
  withJson(withCommonOptions(command)).option(
    '--store <url>',
    'where the backups are, such as file:///backups',
  );

/** Opens the store of backups, and closes it after the work. */
export async function withBackupStore<T>(
  { store: url }: StoreOptions,
  work: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  if (url === undefined) throw new UsageError('Say where the backups are: --store URL.');
  const store = openBackupStore(url);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
