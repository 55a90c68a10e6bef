import { join } from 'node:path';
import type { DeadLetterStore } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import type { Journal } from '@quantumtrade/dal-journal';
import { JournalError, openJournal } from '@quantumtrade/dal-journal';
import { nodeFileSystem } from '@quantumtrade/dal-runtime/fs';
import { OPEN_WRITER } from './batch-writer-options.js';
import type { Durability } from './buffers/pending-write.js';
import { fileDeadLetters } from './dead-letters/file-dead-letters.js';
import { hasSegments, JOURNAL, TRANSACTIONS, warnOfDamage } from './journal-directory.js';
import type { RetryOptions } from './retry.js';
import { messageOf } from './retry.js';
import type { TransactionLogs } from './transactions/transaction-logs.js';
import { fileTransactionLogs } from './transactions/transaction-logs.js';

/** Storage of rows that are not in the store yet, or never will be. */
export interface WriterStorage {
  readonly deadLetters: DeadLetterStore;
  /**
   * Opens the journal that a writer needs: always for a `journaled` one, otherwise only a journal that an earlier writer left
   * behind and nobody else delivers.
   * @throws ConnectionError when another process has it open, or the disk fails
   */
  openJournal(durability: Durability): Promise<Journal | undefined>;
  /**
   * Logs of committed transactions.
   * @default the memory of this process, where a transaction that is not applied yet is lost with the process
   */
  readonly transactionLogs?: TransactionLogs;
}

/** Settings of batch writers, transactions and replays. Each option of a batch writer takes precedence. */
export interface WriterSetup {
  readonly storage: WriterStorage;
  /** @default 'acknowledged' */
  readonly durability?: Durability;
  /** Limits and delays of repeated attempts. @default the defaults of `RetryOptions` */
  readonly retry?: RetryOptions;
  /** Rows at which a batch writer sends a block. @default 100,000 (rows) */
  readonly maxRows?: number;
}

/**
 * Returns a storage in a directory: the journal in `journal`, dead letters in `dead-letters`, transactions in `transactions`
 * below it, all accessible to its owner alone. Damage is reported by `process.emitWarning`, with the name of the file.
 */
export function fileWriterStorage(directory: string): WriterStorage {
  const journal = join(directory, JOURNAL);
  const deadLetters = join(directory, 'dead-letters');
  const transactions = join(directory, TRANSACTIONS);
  return {
    deadLetters: fileDeadLetters(deadLetters),
    transactionLogs: fileTransactionLogs(transactions, { onEvent: warnOfDamage(transactions) }),
    async openJournal(durability) {
      if (durability === 'acknowledged' && !(await hasSegments(journal, OPEN_WRITER))) return undefined;
      try {
        const opened = await openJournal({ directory: journal, onEvent: warnOfDamage(journal) });
        for (const path of [directory, deadLetters, transactions]) await nodeFileSystem.restrictAccess(path);
        return opened;
      } catch (error) {
        const isLocked = error instanceof JournalError && error.code === 'LOCKED';
        if (durability === 'acknowledged' && isLocked) return undefined;
        throw new ConnectionError(messageOf(error), { operation: OPEN_WRITER, cause: error });
      }
    },
  };
}
