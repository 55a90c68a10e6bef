import { randomUUID } from 'node:crypto';
import type { CallOptions, RecordName } from '@quantumtrade/dal-domain';
import { CALL_OPTIONS, checkCall, ConnectionError, ValidationError } from '@quantumtrade/dal-domain';
import { messageOf } from '../retry.js';
import type { Timers } from '../timers.js';
import { systemTimers, watchCall } from '../timers.js';
import type { Applied, ApplierParts } from './applier.js';
import { Applier } from './applier.js';
import type { Transaction } from './staged-transaction.js';
import { StagedTransaction } from './staged-transaction.js';
import { TransactionError } from './transaction-error.js';
import type { TransactionLogs } from './transaction-logs.js';
import { encodeTransaction } from './transaction-record.js';

/** What a transaction did. */
export interface TransactionResult {
  readonly transactionId: string;
  /** Rows of each record that the transaction wrote. */
  readonly rowCounts: Partial<Readonly<Record<RecordName, number>>>;
  /** Those of these rows that lost to a newer version, and are not what readers see. */
  readonly supersededCount: number;
  /** Cache keys that it set or deleted. */
  readonly cacheKeyCount: number;
}

export interface TransactionsState {
  /** Transactions committed and not known to be applied. */
  readonly pending: number;
  /** Why the first of them waits, or null. */
  readonly delayedBy: string | null;
}

const OPERATION = 'transaction';
const DEFAULT_TIME_MS = 120_000;
const CLOSE_TIME_MS = 5_000;

/** Commits transactions to a log and has them applied. */
export class Transactions {
  readonly #parts: ApplierParts;
  readonly #logs: TransactionLogs;
  #opened: Promise<unknown>;
  #applier: Applier | undefined;
  #openingFailure: unknown;
  readonly #timers: Timers;
  #closed: Promise<void> | undefined;

  constructor(logs: TransactionLogs, parts: Omit<ApplierParts, 'timers'> & { readonly timers?: Timers }) {
    this.#timers = parts.timers ?? systemTimers;
    this.#logs = logs;
    this.#parts = { ...parts, timers: this.#timers };
    this.#opened = logs.openLeftOver().then(
      (log) => log && (this.#applier = new Applier(log, this.#parts)),
      (error: unknown) => void (this.#openingFailure = error),
    );
  }

  get state(): TransactionsState {
    const delayedBy = this.#applier ? this.#applier.delayedBy : this.#openingFailure;
    return {
      pending: this.#applier?.log.stats().pending ?? 0,
      delayedBy: delayedBy === undefined ? null : messageOf(delayedBy),
    };
  }

  async run(work: (tx: Transaction) => unknown, options: CallOptions = {}): Promise<TransactionResult> {
    const { clock, blocks } = this.#parts;
    checkCall(options, OPERATION, CALL_OPTIONS, this.#timers);
    this.#requireOpen();
    const limits = { ...options, deadline: options.deadline ?? this.#timers.now() + DEFAULT_TIME_MS };
    if (typeof work !== 'function') {
      throw new ValidationError('work', 'must be a function', { operation: OPERATION });
    }
    const staged = new StagedTransaction(blocks);
    try {
      // Begun within the call: what it stages at once comes before every write that is called later.
      const worked = new Promise((resolve) => resolve(work(staged)));
      await this.#within(limits, worked, (reason) => reason);
    } finally {
      staged.end();
    }
    const record = staged.finish(clock.now());
    const rowCounts: Partial<Record<RecordName, number>> = {};
    for (const block of record.blocks) {
      rowCounts[block.record] = (rowCounts[block.record] ?? 0) + block.rowCount;
    }
    const transactionId = randomUUID();
    let supersededCount = 0;
    if (record.blocks.length > 0 || record.cacheChanges.length > 0) {
      ({ supersededCount } = await this.#commit(transactionId, encodeTransaction(record), limits));
    }
    return { transactionId, rowCounts, supersededCount, cacheKeyCount: record.cacheChanges.length };
  }

  /** Takes no more; waits a few seconds for what is committed. What is not applied by then stays in the log. */
  close(): Promise<void> {
    return (this.#closed ??= this.#shutDown());
  }

  async #commit(transactionId: string, payload: Uint8Array[], limits: CallOptions): Promise<Applied> {
    this.#requireOpen();
    const applier = await this.#within(limits, this.#open(), (reason) => reason);
    this.#requireOpen();
    const { outcome, forget } = applier.expect(transactionId);
    await applier.log.append(transactionId, payload, limits).catch((error: unknown) => {
      forget();
      throw notAppended(transactionId, error, limits.signal?.aborted);
    });
    const applied = await this.#within(
      limits,
      outcome,
      (cause) =>
        new TransactionError(`it is committed, and is applied later: ${messageOf(cause)}`, {
          code: 'TIMEOUT',
          transactionId,
          committed: true,
          cause,
        }),
    );
    if (applied.refused.length > 0 || applied.failedCacheChanges.length > 0) {
      throw partlyApplied(transactionId, applied);
    }
    return applied;
  }

  /** The promise's outcome, or an error as soon as the call's time is over. */
  async #within<T>(limits: CallOptions, promise: Promise<T>, over: (reason: unknown) => unknown): Promise<T> {
    promise.catch(() => undefined);
    let stop: (() => void) | undefined;
    const late = new Promise<never>((_, reject) => {
      if (limits.signal?.aborted) reject(over(limits.signal.reason) as Error);
      else stop = watchCall(limits, this.#timers, OPERATION, (reason) => reject(over(reason) as Error));
    });
    return Promise.race([promise, late]).finally(() => stop?.());
  }

  /** The log is opened by the first transaction, so that a data layer without any does not keep it from others. */
  #open(): Promise<Applier> {
    const open = async () => (this.#applier ??= new Applier(await this.#logs.open(), this.#parts));
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
    const late = new Promise<void>((resolve) => (cancel = this.#timers.after(CLOSE_TIME_MS, resolve)));
    await Promise.race([applier.settled(), late]).finally(cancel);
    await applier.stop();
    await applier.log.close();
  }
}

/** What the store or the cache refused for good; everything else of the transaction is applied. */
function partlyApplied(transactionId: string, { refused, failedCacheChanges }: Applied): TransactionError {
  const blocks = refused.map(({ record, rowCount, reason }) => `${rowCount} rows of ${record} (${reason})`);
  const keys = failedCacheChanges.map(({ key, reason }) => `${key} (${reason})`);
  const reasons = [
    ...(blocks.length > 0 ? [`the store refused ${blocks.join(', ')}; they are dead letters`] : []),
    ...(keys.length > 0 ? [`the cache refused ${keys.join(', ')}`] : []),
  ];
  return new TransactionError(reasons.join('; '), {
    code: blocks.length > 0 ? 'QUERY' : 'CACHE',
    transactionId,
    committed: true,
    refused,
    failedCacheChanges,
  });
}

/** A failed append; the log says whether the transaction may be in it all the same. */
function notAppended(transactionId: string, cause: unknown, aborted = false): TransactionError {
  const { mayBeJournaled, code } = cause as { mayBeJournaled?: boolean; code?: string };
  const committed = mayBeJournaled === false ? false : 'unknown';
  const passing = code === 'DISK_FULL' || code === 'IO' || code === 'TIMEOUT';
  return new TransactionError(
    `${committed ? 'it may be committed' : 'it is not committed'}: ${messageOf(cause)}`,
    {
      code: aborted || code === 'TIMEOUT' ? 'TIMEOUT' : 'CONNECTION',
      transactionId,
      committed,
      retryable: !committed && passing,
      cause,
    },
  );
}
