import { join } from 'node:path';
import type { DeadLetterStore } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import type { Journal } from '@quantumtrade/dal-journal';
import { JournalError, openJournal } from '@quantumtrade/dal-journal';
import { nodeFileSystem } from '@quantumtrade/dal-runtime/fs';
import type { TransactionLogs } from './transactions/transaction-logs.js';
import { fileTransactionLogs } from './transactions/transaction-logs.js';
import { fileDeadLetters } from './dead-letters/file-dead-letters.js';
import { hasSegments } from './has-segments.js';
import { warnOfDamage } from './journal-warnings.js';
import type { RetryOptions } from './retry.js';
import { messageOf } from './retry.js';
import type { Durability } from './buffers/pending-write.js';

const OPERATION = 'batchWriter.open';

/** Where a writer keeps what is not, or never will be, in the store. */
export interface WriterStorage {
  readonly deadLetters: DeadLetterStore;
  /**
   * The journal that a writer needs: always where it is `journaled`; else where an earlier writer left one behind that
   * nobody else is delivering.
   * @throws ConnectionError where another process has it, or the disk fails
   */
  openJournal(durability: Durability): Promise<Journal | undefined>;
  /**
   * Where transactions are committed to. Default is this process's memory, with which a transaction that was committed
   * and not yet applied is lost.
   */
  readonly transactionLogs?: TransactionLogs;
}

/** How batch writers, transactions and replays write. The options of a batch writer win over it, each by itself. */
export interface Writing {
  readonly storage: WriterStorage;
  /** Default is `acknowledged`. */
  readonly durability?: Durability;
  /** How often and how fast a block is tried again. @default the defaults of `RetryOptions` */
  readonly retry?: RetryOptions;
  /** Rows at which a block of a batch writer leaves. @default 100,000 */
  readonly maxRows?: number;
}

/**
 * Storage in a directory: the journal in `journal`, dead letters in `dead-letters`, transactions in `transactions` below it.
 * All of it is accessible to its owner alone. Damage that is found is told by `process.emitWarning`, with the file's name.
 */
export function fileWriterStorage(directory: string): WriterStorage {
  const [journal, deadLetters, transactions] = ['journal', 'dead-letters', 'transactions'].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  return {
    deadLetters: fileDeadLetters(deadLetters),
    transactionLogs: fileTransactionLogs(transactions, { onEvent: warnOfDamage(transactions) }),
    async openJournal(durability) {
      if (durability === 'acknowledged' && !(await hasSegments(journal, OPERATION))) return undefined;
      try {
        const opened = await openJournal({ directory: journal, onEvent: warnOfDamage(journal) });
        for (const path of [directory, deadLetters, transactions]) await nodeFileSystem.restrictAccess(path);
        return opened;
      } catch (error) {
        const isLocked = error instanceof JournalError && error.code === 'LOCKED';
        if (durability === 'acknowledged' && isLocked) return undefined;
        const details = { operation: OPERATION, cause: error };
        throw new ConnectionError(messageOf(error), details);
      }
    },
  };
}
