export { DatabaseAbstraction } from './database-abstraction.js';
export { serverDegradations } from './degradation.js';
export { fileDeadLetters, fileTransactionLogs, fileWriterStorage, openBatchWriter, RowsNotStoredError, RowsRefusedError, StagedRowsError, TransactionError, undeliveredBlocks, } from '@quantumtrade/dal-writer';
