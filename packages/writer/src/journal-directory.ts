import { readdir } from 'node:fs/promises';
import { ConnectionError } from '@quantumtrade/dal-domain';
import type { JournalEvent } from '@quantumtrade/dal-journal';
import { errorCode, ignoreMissing } from '@quantumtrade/dal-runtime/fs';

/** Folders of a writer's directory. */
export const JOURNAL = 'journal';
export const TRANSACTIONS = 'transactions';

/**
 * Returns whether a journal was ever opened in this directory.
 * @throws ConnectionError when the directory cannot be read: it may contain blocks
 */
export async function hasSegments(directory: string, operation: string): Promise<boolean> {
  try {
    const names = (await ignoreMissing(readdir(directory))) ?? [];
    return names.some((name) => name.endsWith('.wal'));
  } catch (cause) {
    const reason = `the directory ${directory} cannot be read: ${errorCode(cause)}`;
    throw new ConnectionError(reason, { operation, cause });
  }
}

/** Returns a listener that reports damage in a journal by `process.emitWarning`, so that it is seen without a listener. */
export const warnOfDamage =
  (directory: string) =>
  (event: JournalEvent): void => {
    const damage = describeDamage(event);
    if (damage) process.emitWarning(`${directory}: ${damage}`, { code: 'QTDAL_DAMAGED' });
  };

/** Returns undefined for an event that concerns no record. */
function describeDamage(event: JournalEvent): string | undefined {
  switch (event.type) {
    case 'quarantined':
      return `bytes ${event.start} to ${event.end} of ${event.segment} are damaged, a copy is in ${event.file ?? 'no file'}`;
    case 'not-a-file':
      return `${event.path} is no file`;
    case 'cursor-damaged':
      return 'the cursor is damaged, delivery starts from the oldest record';
    default:
      return undefined;
  }
}
