import type { CallOptions } from './call.js';

/** A committed transaction in its log. */
export interface LoggedTransaction {
  readonly id: string;
  readonly payload: Uint8Array;
  /** Position in the log; it grows from transaction to transaction. */
  readonly position: number;
}

/** Keeps transactions from their commit until they are applied. A journal is such a log. It has one user at a time. */
export interface TransactionLog {
  /**
   * Adds a transaction, in the order of the calls; resolves when it is as durable as the log makes it. That is the commit.
   * After a failure whose `mayBeJournaled` is `false` it will never be read; after any other it may be.
   */
  append(id: string, payload: readonly Uint8Array[], options?: CallOptions): Promise<void>;
  /** Yields the pending transactions in order, then later ones. Ends when the signal aborts or the log closes. */
  read(options?: { readonly signal?: AbortSignal }): AsyncIterable<LoggedTransaction>;
  /** Marks everything up to this position as applied; it is not read again. */
  advance(position: number): Promise<void>;
  /** Returns the number of pending transactions: appended and not yet marked as applied. */
  stats(): { readonly pending: number };
  close(): Promise<void>;
}
