import type { TransactionLog } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import type { JournalOptions } from '@quantumtrade/dal-journal';
import { JournalError, openJournal } from '@quantumtrade/dal-journal';
import { hasSegments } from '../journal-directory.js';
import { messageOf } from '../retry.js';
import { MemoryTransactionLog } from './memory-transaction-log.js';

/** Opens the log of transactions, which one data layer at a time has open. */
export interface TransactionLogs {
  /** @throws ConnectionError when another data layer has the log open, or the disk fails */
  open(): Promise<TransactionLog>;
  /** Opens the log if it contains transactions that no other data layer is applying. */
  openLeftOver(): Promise<TransactionLog | undefined>;
}

/** Returns the log in a directory of this machine, where it survives a crash of the process and a loss of power. */
export function fileTransactionLogs(
  directory: string,
  options: Omit<JournalOptions, 'directory'> = {},
): TransactionLogs {
  async function open(): Promise<TransactionLog> {
    try {
      return await openJournal({ ...options, directory });
    } catch (error) {
      throw new ConnectionError(messageOf(error), { operation: 'transaction', cause: error });
    }
  }
  return {
    open,
    async openLeftOver() {
      if (!(await hasSegments(directory, 'transaction'))) return undefined;
      try {
        const log = await open();
        if (log.stats().pending > 0) return log;
        await log.close();
        return undefined;
      } catch (error) {
        const { cause } = error as ConnectionError;
        if (cause instanceof JournalError && cause.code === 'LOCKED') return undefined;
        throw error;
      }
    },
  };
}

/** Returns the log in the memory of this process. */
export const memoryTransactionLogs = (): TransactionLogs => ({
  open: async () => new MemoryTransactionLog(),
  openLeftOver: async () => undefined,
});
