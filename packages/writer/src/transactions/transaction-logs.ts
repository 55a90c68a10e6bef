import type { TransactionLog } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import type { JournalOptions } from '@quantumtrade/dal-journal';
import { JournalError, openJournal } from '@quantumtrade/dal-journal';
import { hasSegments } from '../has-segments.js';
import { messageOf } from '../retry.js';
import { VolatileLog } from './memory-transaction-log.js';

/** Where the log of transactions is. One data layer at a time has it open. */
export interface TransactionLogs {
  /** @throws ConnectionError where another data layer has it, or the disk fails */
  open(): Promise<TransactionLog>;
  /** The log if transactions wait in it that no other data layer is applying. */
  openLeftOver(): Promise<TransactionLog | undefined>;
}

/** The log in a directory of this machine, on which it survives the process and the machine's power. */
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

/** The log in this process's memory. */
export const volatileTransactionLogs = (): TransactionLogs => ({
  open: async () => new VolatileLog(),
  openLeftOver: async () => undefined,
});
