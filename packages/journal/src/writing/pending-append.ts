import { onAbort } from '@quantumtrade/dal-runtime';
import type { Clock } from '@quantumtrade/dal-runtime';
import type { EncodedRecord } from '../format/record.js';
import { JournalError } from '../journal-error.js';

/** Limits of one append. */
export interface AppendOptions {
  /** Ends the append: it rejects with the signal's reason. A record the disk already has in hand may be journaled still. */
  readonly signal?: AbortSignal;
  /** Epoch milliseconds by which the append must have ended; past it, it rejects with `TIMEOUT`. Default is none. */
  readonly deadline?: number;
}

/** An append between its call and its outcome. */
export class PendingAppend {
  readonly record: EncodedRecord;
  readonly outcome: Promise<void>;
  /** Whether the disk has it in hand, so that it may be journaled whatever its caller is told. */
  writing = false;
  settled = false;
  #settle!: { resolve(): void; reject(error: unknown): void };
  #stopWatching: (() => void) | undefined;

  constructor(record: EncodedRecord) {
    this.record = record;
    this.outcome = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  /** Rejects when the signal or the deadline says so, and tells. */
  watch({ signal, deadline }: AppendOptions, clock: Clock, onEnd: () => void): void {
    const end = (reason: unknown) => {
      this.reject(reason);
      onEnd();
    };
    const ignore = signal && onAbort(signal, () => end(signal.reason));
    const cancel =
      deadline === undefined
        ? undefined
        : clock.after(deadline - clock.now(), () => end(deadlinePassed(this.writing)));
    this.#stopWatching = () => {
      ignore?.();
      cancel?.();
    };
  }

  resolve(): void {
    if (this.#end()) this.#settle.resolve();
  }

  reject(error: unknown): void {
    if (this.#end()) this.#settle.reject(error);
  }

  #end(): boolean {
    if (this.settled) return false;
    this.#stopWatching?.();
    return (this.settled = true);
  }
}

export const deadlinePassed = (mayBeJournaled: boolean): JournalError =>
  new JournalError('TIMEOUT', 'The deadline passed before the record was journaled', { mayBeJournaled });
