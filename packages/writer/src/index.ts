export {
  openBatchWriter,
  type BatchWriter,
  type BatchWriterParts,
  type CloseOptions,
  type WriteAllOptions,
  type WriteProgress,
} from './batch-writer.js';
export type { FeedReceipt } from './batch-feed.js';
export type { Durability, WriteReceipt } from './buffers/pending-write.js';
export { fileDeadLetters } from './dead-letters/file-dead-letters.js';
export { replayDeadLetters, type ReplayResult } from './dead-letters/replay.js';
export type { KnownBlock } from './delivery/known-block.js';
export type { WriterEvent, WriterEventListener } from './events.js';
export { Guarantees, requireGuarantees, type RequiredGuarantees } from './guarantees.js';
export { isRefusal, messageOf, type RetryOptions } from './retry.js';
export { RowsNotStoredError } from './rows-not-stored-error.js';
export { RowsRefusedError } from './rows-refused-error.js';
export { systemTimers, type Timers } from './timers.js';
export type { Transaction } from './transactions/staged-transaction.js';
export {
  StagedRowsError,
  TransactionError,
  type FailedCacheChange,
  type RefusedBlock,
} from './transactions/transaction-error.js';
export {
  fileTransactionLogs,
  volatileTransactionLogs,
  type TransactionLogs,
} from './transactions/transaction-logs.js';
export { Transactions, type TransactionResult } from './transactions/transactions.js';
export { requireWriterOptions, type BatchWriterOptions, type CountSuperseded } from './writer-options.js';
export { fileWriterStorage, type WriterStorage, type Writing } from './writer-storage.js';
