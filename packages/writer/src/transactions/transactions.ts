import { randomUUID } from 'node:crypto';
import type { CallOptions, RecordName } from '@quantumtrade/dal-domain';
import {
  CALL_OPTIONS,
  checkCall,
  ConnectionError,
  TimeoutError,
  ValidationError,
} from '@quantumtrade/dal-domain';
import type { Clock } from '@quantumtrade/dal-runtime';
import { Deadline, promiseTry, systemClock } from '@quantumtrade/dal-runtime';
import { messageOf } from '../retry.js';
import type { Transaction } from './staged-transaction.js';
import { StagedTransaction } from './staged-transaction.js';
import type { AppliedTransaction, ApplierParts } from './transaction-applier.js';
import { TransactionApplier } from './transaction-applier.js';
import { TransactionError } from './transaction-error.js';
import type { TransactionLogs } from './transaction-logs.js';
import { encodeTransaction } from './transaction-record.js';

/** Result of a transaction. */
export interface TransactionResult {
  readonly transactionId: string;
  /** Rows of each record that the transaction wrote. */
  readonly rowCounts: Partial<Readonly<Record<RecordName, number>>>;
  /** Those of these rows that lost to a newer version and are not what readers see. */
  readonly supersededCount: number;
  /** Cache keys that it set or deleted. */
  readonly cacheKeyCount: number;
  /** Token with which a later read sees its rows: see `readAfter`. Null when it wrote none. */
  readonly writeToken: string | null;
}

export interface TransactionsState {
  /** Committed transactions that are possibly not applied yet. */
  readonly pending: number;
  /** Reason why the first of them waits, or null. */
  readonly delayedBy: string | null;
}

const OPERATION = 'transaction';
const DEFAULT_TIMEOUT_MS = 120_000;
const CLOSE_WITHIN_MS = 5_000;

/** Commits transactions to a log and has them applied. */
export class Transactions {
  readonly #parts: ApplierParts;
  readonly #logs: TransactionLogs;
  readonly #clock: Clock;
  #opened: Promise<unknown>;
  #applier: TransactionApplier | undefined;
  #openingError: unknown;
  #closed: Promise<void> | undefined;

  constructor(logs: TransactionLogs, parts: Omit<ApplierParts, 'clock'> & { readonly clock?: Clock }) {
    this.#clock = parts.clock ?? systemClock;
    this.#logs = logs;
    this.#parts = { ...parts, clock: this.#clock };
    this.#opened = logs.openLeftOver().then(
      (log) => log && (this.#applier = new TransactionApplier(log, this.#parts)),
      (error: unknown) => void (this.#openingError = error),
    );
  }

  get state(): TransactionsState {
    const delayedBy = this.#applier ? this.#applier.delayedBy : this.#openingError;
    return {
      pending: this.#applier?.log.stats().pending ?? 0,
      delayedBy: delayedBy === undefined ? null : messageOf(delayedBy),
    };
  }

  async run(work: (tx: Transaction) => unknown, options: CallOptions = {}): Promise<TransactionResult> {
    const { timeSource, blocks } = this.#parts;
    checkCall(options, OPERATION, CALL_OPTIONS, this.#clock);
    this.#requireOpen();
    const limits = { ...options, deadline: options.deadline ?? this.#clock.now() + DEFAULT_TIMEOUT_MS };
    if (typeof work !== 'function') {
      throw new ValidationError('work', 'must be a function', { operation: OPERATION });
    }
    const staged = new StagedTransaction(blocks);
    try {
      // Begun within the call: rows that are staged immediately come before every write that is called later.
      await this.#within(
        limits,
        promiseTry(async () => work(staged)),
      );
    } finally {
      staged.end();
    }
    const record = staged.finish(timeSource.now());
    const rowCounts: Partial<Record<RecordName, number>> = {};
    for (const block of record.blocks) {
      rowCounts[block.record] = (rowCounts[block.record] ?? 0) + block.rowCount;
    }
    const transactionId = randomUUID();
    let applied: Pick<AppliedTransaction, 'supersededCount' | 'writeToken'> = {
      supersededCount: 0,
      writeToken: null,
    };
    if (record.blocks.length > 0 || record.cacheChanges.length > 0) {
      applied = await this.#commit(transactionId, encodeTransaction(record), limits);
    }
    const { supersededCount, writeToken } = applied;
    const cacheKeyCount = record.cacheChanges.length;
    return { transactionId, rowCounts, supersededCount, cacheKeyCount, writeToken };
  }

  /** Accepts no more transactions and waits a few seconds for committed ones. Those not applied by then stay in the log. */
  close(): Promise<void> {
    return (this.#closed ??= this.#shutDown());
  }

  async #commit(
    transactionId: string,
    payload: Uint8Array[],
    limits: CallOptions,
  ): Promise<AppliedTransaction> {
    this.#requireOpen();
    const applier = await this.#within(limits, this.#open());
    this.#requireOpen();
    const { outcome, forget } = applier.expect(transactionId);
    await applier.log.append(transactionId, payload, limits).catch((error: unknown) => {
      forget();
      throw notCommitted(transactionId, error, limits.signal?.aborted);
    });
    const applied = await this.#within(limits, outcome, (cause) => {
      const fate = `is committed but not yet applied: ${messageOf(cause)}`;
      return new TransactionError(fate, { code: 'TIMEOUT', transactionId, committed: true, cause });
    });
    if (applied.refused.length > 0 || applied.failedCacheChanges.length > 0) {
      throw partlyApplied(transactionId, applied);
    }
    return applied;
  }

  /** Settles as the promise does, or rejects with an error made of the reason when the call is over. */
  #within<T>(
    limits: CallOptions,
    promise: Promise<T>,
    errorOf: (reason: unknown) => unknown = (reason) => reason,
  ): Promise<T> {
    const deadline = new Deadline(
      limits,
      (ms) => new TimeoutError(ms, { operation: OPERATION }),
      this.#clock,
    );
    let reason: { readonly value: unknown } | undefined;
    deadline.onAbort((value) => (reason = { value }));
    return deadline.race(promise).catch((error: unknown) => {
      throw reason && reason.value === error ? errorOf(error) : error;
    });
  }

  /** Opens the log for the first transaction: a data layer without any leaves it to others. */
  #open(): Promise<TransactionApplier> {
    const open = async () => (this.#applier ??= new TransactionApplier(await this.#logs.open(), this.#parts));
    const opened = this.#opened.then(open, open);
    this.#opened = opened;
    return opened;
  }

  #requireOpen(): void {
    if (!this.#closed) return;
    throw new ConnectionError('the data layer was closed', { operation: OPERATION, retryable: false });
  }

  async #shutDown(): Promise<void> {
    await this.#opened.catch(() => undefined);
    const applier = this.#applier;
    if (!applier) return;
    let cancel: (() => void) | undefined;
    const late = new Promise<void>((resolve) => (cancel = this.#clock.after(CLOSE_WITHIN_MS, resolve)));
    await Promise.race([applier.settled(), late]).finally(cancel);
    await applier.stop();
    await applier.log.close();
  }
}

/** Creates the error of a transaction of which the store or the cache refused a part for good. */
function partlyApplied(
  transactionId: string,
  { refused, failedCacheChanges }: AppliedTransaction,
): TransactionError {
  const blocks = refused.map(({ record, rowCount, reason }) => `${rowCount} rows of ${record} (${reason})`);
  const keys = failedCacheChanges.map(({ key, reason }) => `${key} (${reason})`);
  const reasons = [
    ...(blocks.length > 0 ? [`the store refused ${blocks.join(', ')}, which are dead letters now`] : []),
    ...(keys.length > 0 ? [`the cache refused ${keys.join(', ')}`] : []),
  ];
  return new TransactionError(`is applied in part: ${reasons.join('; ')}`, {
    code: blocks.length > 0 ? 'QUERY' : 'CACHE',
    transactionId,
    committed: true,
    refused,
    failedCacheChanges,
  });
}

/** Creates the error of a failed append, which may be in the log nevertheless. */
function notCommitted(transactionId: string, cause: unknown, aborted = false): TransactionError {
  const { mayBeJournaled, code } = cause as { mayBeJournaled?: boolean; code?: string };
  const committed = mayBeJournaled === false ? false : 'unknown';
  const isTransient = code === 'DISK_FULL' || code === 'IO' || code === 'TIMEOUT';
  const fate = committed ? 'may be committed' : 'is not committed';
  return new TransactionError(`${fate}: ${messageOf(cause)}`, {
    code: aborted || code === 'TIMEOUT' ? 'TIMEOUT' : 'CONNECTION',
    transactionId,
    committed,
    retryable: !committed && isTransient,
    cause,
  });
}
