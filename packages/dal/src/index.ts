export { DatabaseAbstraction, type DatabaseParts } from './database-abstraction.js';
export type { RequiredGuarantees } from './guarantees.js';
export type { Transaction } from './transactions/staged-transaction.js';
export {
  StagedRowsError,
  TransactionError,
  type FailedCacheChange,
  type RefusedBlock,
} from './transactions/transaction-error.js';
export { fileTransactionLogs, type TransactionLogs } from './transactions/transaction-logs.js';
export type { TransactionResult } from './transactions/transactions.js';
export {
  openBatchWriter,
  type BatchWriter,
  type BatchWriterParts,
  type CloseOptions,
  type WriteAllOptions,
  type WriteProgress,
} from './writing/batch-writer.js';
export type { WriterEvent, WriterEventListener } from './writing/events.js';
export type { FeedReceipt } from './writing/feed.js';
export { fileDeadLetters } from './writing/file-dead-letters.js';
export type { ReplayResult } from './writing/replay.js';
export type { RetryOptions } from './writing/retry.js';
export { RowsNotStoredError } from './writing/rows-not-stored-error.js';
export { RowsRefusedError } from './writing/rows-refused-error.js';
export type { Durability, WriteReceipt } from './writing/ticket.js';
export type { Timers } from './writing/timers.js';
export type { BatchWriterOptions, CountSuperseded } from './writing/writer-options.js';
export { fileWriterStorage, type WriterStorage, type Writing } from './writing/writer-storage.js';
