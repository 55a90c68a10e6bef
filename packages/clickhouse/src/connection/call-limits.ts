import type { CallOptions } from '@quantumtrade/dal-domain';
import { checkTime, TimeoutError } from '@quantumtrade/dal-domain';
import { onAbort } from '@quantumtrade/dal-runtime';

/** Node's timers go off at once beyond this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The limits of one call as one signal, which aborts with exactly what the call has to reject with. */
export class CallLimits {
  /** The engine's id of the query that runs now. */
  queryId: string | undefined;
  /** Epoch milliseconds. */
  readonly deadline: number;
  readonly #operation: string;
  readonly #startedAt = Date.now();
  readonly #timer: NodeJS.Timeout;
  readonly #controller = new AbortController();
  readonly #ignoreCaller: (() => void) | undefined;

  /** Throws at once when the call is over before it began. */
  constructor(operation: string, options: CallOptions | undefined, requestTimeoutMs: number) {
    if (options) checkTime(options, operation);
    this.#operation = operation;
    this.deadline = Math.min(options?.deadline ?? Infinity, this.#startedAt + requestTimeoutMs);
    const remaining = Math.min(this.deadline - this.#startedAt, LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#controller.abort(this.timeout()), remaining);
    const caller = options?.signal;
    this.#ignoreCaller = caller && onAbort(caller, () => this.#controller.abort(caller.reason));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get elapsedMs(): number {
    return Date.now() - this.#startedAt;
  }

  /** Whole seconds until the deadline, rounded up: what the engine's `max_execution_time` takes. */
  get remainingSeconds(): number {
    return Math.max(1, Math.ceil((this.deadline - Date.now()) / 1_000));
  }

  timeout(): TimeoutError {
    return new TimeoutError(this.elapsedMs, {
      operation: this.#operation,
      ...(this.queryId && { queryId: this.queryId }),
    });
  }

  /** Settles as the work does, or rejects as soon as the call is over. */
  async race<T>(work: Promise<T>): Promise<T> {
    let ignore: (() => void) | undefined;
    const over = new Promise<never>((_, reject) => {
      ignore = onAbort(this.signal, () => reject(this.signal.reason));
    });
    try {
      return await Promise.race([work, over]);
    } finally {
      ignore?.();
    }
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#ignoreCaller?.();
  }
}
