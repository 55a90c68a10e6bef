export type { FeedReceipt } from './batch-feed.js';
export type { BatchWriterEvent, BatchWriterEventListener } from './batch-writer-events.js';
export {
  requireWriterOptions,
  type BatchWriterOptions,
  type CountSuperseded,
  type WriteProgress,
} from './batch-writer-options.js';
export type { BatchWriter, CloseOptions, WriteAllOptions } from './batch-writer.js';
export { openBatchWriter, type BatchWriterParts } from './block-batch-writer.js';
export type { Durability, WriteReceipt } from './buffers/pending-write.js';
export { fileDeadLetters } from './dead-letters/file-dead-letters.js';
export { replayDeadLetters, type ReplayResult } from './dead-letters/replay.js';
export type { AnnotatedBlock } from './delivery/annotated-block.js';
export { RowsNotStoredError, RowsRefusedError } from './errors.js';
export { GuaranteeMonitor, requireGuarantees, type RequiredGuarantees } from './guarantees.js';
export { isPermanent, messageOf, type RetryOptions } from './retry.js';
export type { Transaction } from './transactions/staged-transaction.js';
export type { TransactionCache } from './transactions/transaction-applier.js';
export {
  StagedRowsError,
  TransactionError,
  type FailedCacheChange,
  type RefusedBlock,
} from './transactions/transaction-error.js';
export {
  fileTransactionLogs,
  memoryTransactionLogs,
  type TransactionLogs,
} from './transactions/transaction-logs.js';
export { Transactions, type TransactionResult } from './transactions/transactions.js';
export { undeliveredBlocks } from './undelivered-blocks.js';
export { fileWriterStorage, type WriterSetup, type WriterStorage } from './writer-storage.js';
