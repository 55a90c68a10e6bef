import { Deadline, type Clock } from '@quantumtrade/dal-runtime';
import type { EncodedRecord } from '../format/record.js';
import { JournalError } from '../journal-error.js';

/** Limits of one append. */
export interface JournalAppendOptions {
  /** Ends the append, which rejects with the signal's reason. A record that is being written may still be journaled. */
  readonly signal?: AbortSignal;
  /** Time by which the append must have ended; past it, it rejects with `TIMEOUT`. @default Infinity (epoch milliseconds) */
  readonly deadline?: number;
}

/** An append between its call and its outcome. */
export class PendingAppend {
  readonly record: EncodedRecord;
  readonly outcome: Promise<void>;
  /** Whether the record is being written, so that it may be journaled even if the append rejects. */
  writing = false;
  settled = false;
  #settle!: { resolve(): void; reject(error: unknown): void };
  #deadline: Deadline | undefined;

  constructor(record: EncodedRecord) {
    this.record = record;
    this.outcome = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  /** Rejects the append and calls `onRejected` when the signal aborts or the deadline passes. */
  limit(options: JournalAppendOptions, clock: Clock, onRejected: () => void): void {
    this.#deadline = new Deadline(options, () => timeoutError(this.writing), clock);
    this.#deadline.onAbort((reason) => {
      this.reject(reason);
      onRejected();
    });
  }

  resolve(): void {
    if (this.#end()) this.#settle.resolve();
  }

  reject(error: unknown): void {
    if (this.#end()) this.#settle.reject(error);
  }

  #end(): boolean {
    if (this.settled) return false;
    this.#deadline?.end();
    return (this.settled = true);
  }
}

export const timeoutError = (mayBeJournaled: boolean): JournalError =>
  new JournalError('TIMEOUT', 'The deadline passed before the record was journaled', { mayBeJournaled });
