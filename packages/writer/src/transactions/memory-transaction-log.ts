import type { LoggedTransaction, TransactionLog } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { onAbort } from '@quantumtrade/dal-runtime';

/** A transaction log in this process's memory. What is committed and not applied is lost with the process. */
export class VolatileLog implements TransactionLog {
  #pending: LoggedTransaction[] = [];
  #lastPosition = 0;
  #closed = false;
  #wake: () => void = () => undefined;

  async append(id: string, payload: readonly Uint8Array[]): Promise<void> {
    if (this.#closed) throw Object.assign(closed(), { mayBeJournaled: false });
    this.#pending.push({ id, payload: Buffer.concat(payload), position: ++this.#lastPosition });
    this.#wake();
  }

  async *read({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<LoggedTransaction> {
    let after = 0;
    const ignore = signal && onAbort(signal, () => this.#wake());
    try {
      while (!this.#closed && !signal?.aborted) {
        const next = this.#pending.find(({ position }) => position > after);
        if (next) {
          after = next.position;
          yield next;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
    } finally {
      ignore?.();
    }
  }

  async advance(position: number): Promise<void> {
    this.#pending = this.#pending.filter((transaction) => transaction.position > position);
  }

  stats() {
    return { pending: this.#pending.length };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
  }
}

const closed = () =>
  new ConnectionError('the transaction log was closed', { operation: 'transaction', retryable: false });
