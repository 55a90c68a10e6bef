import type { CallOptions } from './call.js';

/** A committed transaction as its log keeps it. */
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
   * A failure whose `mayBeJournaled` is `false` says that it will never be read; after any other it may be.
   */
  append(id: string, payload: readonly Uint8Array[], options?: CallOptions): Promise<void>;
  /** Reads the appended transactions not advanced over, in order, then those to come. Ends when the signal aborts or the log closes. */
  read(options?: { readonly signal?: AbortSignal }): AsyncIterable<LoggedTransaction>;
  /** Says that everything up to this position is applied; it is not read again. */
  advance(position: number): Promise<void>;
  /** `pending` are the transactions appended and not advanced over. */
  stats(): { readonly pending: number };
  close(): Promise<void>;
}
