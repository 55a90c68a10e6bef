import type { LoggedTransaction, TransactionLog } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { onAbort } from '@quantumtrade/dal-runtime';

/** Transaction log in the memory of this process. A transaction that is not applied yet is lost with the process. */
export class MemoryTransactionLog implements TransactionLog {
  #pending: LoggedTransaction[] = [];
  #lastPosition = 0;
  #closed = false;
  #wake: () => void = () => undefined;

  async append(id: string, payload: readonly Uint8Array[]): Promise<void> {
    if (this.#closed) throw Object.assign(closedError(), { mayBeJournaled: false });
    this.#pending.push({ id, payload: Buffer.concat(payload), position: ++this.#lastPosition });
    this.#wake();
  }

  async *read({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<LoggedTransaction> {
    let after = 0;
    const unsubscribe = signal && onAbort(signal, () => this.#wake());
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
      unsubscribe?.();
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

const closedError = () =>
  new ConnectionError('the transaction log was closed', { operation: 'transaction', retryable: false });
