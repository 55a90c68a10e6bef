import type { CallOptions } from '@quantumtrade/dal-domain';
import { onAbort } from '@quantumtrade/dal-runtime';

/** A count that runs beside the read of a page, and is left when the page turns out not to need it. */
export class EarlyCount {
  readonly #options: CallOptions | undefined;
  readonly #count: (options: CallOptions) => Promise<number>;
  /** Controller of a count that has begun. Aborting creates an error with a stack, which costs as much as planning a read. */
  #abandon: AbortController | undefined;
  #counted: Promise<number> | undefined;

  constructor(options: CallOptions | undefined, count: (options: CallOptions) => Promise<number>) {
    this.#options = options;
    this.#count = count;
  }

  /** Begins to count, unless that has begun. */
  begin(): void {
    if (this.#counted) return;
    this.#abandon = new AbortController();
    this.#counted = this.#run(this.#abandon);
    // Callers of `result` get the error; without such a caller it is ignored.
    this.#counted.catch(() => undefined);
  }

  /** Returns the count. Rejects with the error of counting. */
  result(): Promise<number> {
    this.begin();
    return this.#counted!;
  }

  /** Ends a count that still runs. */
  end(): void {
    this.#abandon?.abort();
  }

  async #run(abandon: AbortController): Promise<number> {
    const { signal } = abandon;
    const given = this.#options?.signal;
    if (!given) return this.#count({ ...this.#options, signal });
    const ignore = onAbort(given, () => abandon.abort(given.reason));
    try {
      return await this.#count({ ...this.#options, signal });
    } finally {
      ignore();
    }
  }
}
