import type { ErrorDetails, RecordName, RowError } from '@quantumtrade/dal-domain';
import { DatabaseError, isDatabaseError, ValidationError } from '@quantumtrade/dal-domain';

/** Rows of a committed transaction that the store will never accept; they are a dead letter now. */
export interface RefusedBlock {
  readonly record: RecordName;
  /** Id of the dead letter. */
  readonly blockId: string;
  readonly rowCount: number;
  readonly reason: string;
}

/** A cache key of a committed transaction that the cache will never change. */
export interface FailedCacheChange {
  readonly key: string;
  readonly reason: string;
}

/** Codes of errors of transactions. */
export type TransactionErrorCode = 'CONNECTION' | 'QUERY' | 'CACHE' | 'TIMEOUT';

export interface TransactionErrorDetails extends Partial<Omit<ErrorDetails, 'operation'>> {
  readonly code: TransactionErrorCode;
  readonly transactionId: string;
  readonly committed: boolean | 'unknown';
  readonly refused?: readonly RefusedBlock[];
  readonly failedCacheChanges?: readonly FailedCacheChange[];
}

/**
 * A transaction failed at its commit or after it. Its `code` is `TIMEOUT` when the caller's deadline or signal ended the
 * waiting, `CONNECTION` when the log failed, `QUERY` when the store refused rows and `CACHE` when the cache refused a change.
 * Retryable only when it is not committed.
 */
export class TransactionError extends DatabaseError {
  readonly code: TransactionErrorCode;
  /** Text of the failed query; empty where `code` is not `QUERY`, and where rows were refused without a query. */
  readonly query: string;
  /** Duration of the call that timed out; 0 where `code` is not `TIMEOUT`, and where a signal ended it (milliseconds). */
  readonly durationMs: number;
  readonly transactionId: string;
  /**
   * `true`: the transaction is in the log and will be applied, after a restart if necessary; do not repeat it. `false`:
   * nothing of it happened or will happen. `'unknown'`: the log failed halfway; either all of it is applied or nothing.
   */
  readonly committed: boolean | 'unknown';
  /** The blocks that became dead letters; everything else of the transaction is applied. */
  readonly refused: readonly RefusedBlock[];
  /** The cache keys that were not changed and never will be. */
  readonly failedCacheChanges: readonly FailedCacheChange[];

  /** @param fate - what is true of the transaction: the rest of a sentence that begins with its id */
  constructor(
    fate: string,
    {
      code,
      transactionId,
      committed,
      refused = [],
      failedCacheChanges = [],
      ...details
    }: TransactionErrorDetails,
  ) {
    super(`transaction ${transactionId} ${fate}`, { ...details, operation: 'transaction' }, false);
    const cause = isDatabaseError(details.cause) && details.cause.code === code ? details.cause : undefined;
    this.code = code;
    this.query = cause?.code === 'QUERY' ? cause.query : '';
    this.durationMs = cause?.code === 'TIMEOUT' ? cause.durationMs : 0;
    this.transactionId = transactionId;
    this.committed = committed;
    this.refused = refused;
    this.failedCacheChanges = failedCacheChanges;
  }
}

/** Rows that were staged in a transaction are wrong, so nothing of the transaction happens. */
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
