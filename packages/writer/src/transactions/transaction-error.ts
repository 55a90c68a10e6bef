import type { ErrorCode, ErrorDetails, RecordName, RowError } from '@quantumtrade/dal-domain';
import { DatabaseError, ValidationError } from '@quantumtrade/dal-domain';

/** Rows of a committed transaction that the store will never take; they are a dead letter now. */
export interface RefusedBlock {
  readonly record: RecordName;
  /** Under which the dead letter is found. */
  readonly blockId: string;
  readonly rowCount: number;
  readonly reason: string;
}

/** A cache key of a committed transaction that the cache will never change. */
export interface FailedCacheChange {
  readonly key: string;
  readonly reason: string;
}

export interface TransactionOutcome extends Partial<Omit<ErrorDetails, 'operation'>> {
  readonly code: ErrorCode;
  readonly transactionId: string;
  readonly committed: boolean | 'unknown';
  readonly refused?: readonly RefusedBlock[];
  readonly failedCacheChanges?: readonly FailedCacheChange[];
}

/**
 * A transaction failed at its commit or after it. Its `code` is `TIMEOUT` when the caller's deadline or signal ended the
 * waiting, else that of the store's or the cache's failure, `CONNECTION` where it was the log's. Retryable only when it is
 * not committed.
 */
export class TransactionError extends DatabaseError {
  readonly code: ErrorCode;
  readonly transactionId: string;
  /**
   * `true`: it is in the log and is applied, if need be after a restart; don't make it again. `false`: nothing of it
   * happened, and nothing will. `'unknown'`: the log failed halfway; all of it is applied, or nothing.
   */
  readonly committed: boolean | 'unknown';
  /** The blocks that went to the dead letters; everything else of the transaction is applied. */
  readonly refused: readonly RefusedBlock[];
  /** The cache keys that were not changed and never will be. */
  readonly failedCacheChanges: readonly FailedCacheChange[];

  constructor(
    message: string,
    { code, transactionId, committed, refused = [], failedCacheChanges = [], ...details }: TransactionOutcome,
  ) {
    super(`Transaction ${transactionId}: ${message}`, { ...details, operation: 'transaction' }, false);
    this.code = code;
    this.transactionId = transactionId;
    this.committed = committed;
    this.refused = refused;
    this.failedCacheChanges = failedCacheChanges;
  }
}

/** Rows that a transaction was given are wrong; so nothing of the transaction happens. */
export class StagedRowsError extends ValidationError {
  readonly record: RecordName;
  /** Every wrong row, in the order of the batch. */
  readonly errors: readonly RowError[];

  constructor(record: RecordName, errors: readonly RowError[]) {
    const { index, field, reason } = errors[0]!;
    const others = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    super(`${record}[${index}].${field}`, reason + others, { operation: 'transaction' });
    this.record = record;
    this.errors = errors;
  }
}
