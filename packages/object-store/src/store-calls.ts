import { checkCall, ConnectionError, isDatabaseError, TimeoutError } from '@quantumtrade/dal-domain';
import type { AnyDatabaseError, CallOptions, ErrorDetails } from '@quantumtrade/dal-domain';
import {
  Backoff,
  Deadline,
  decideRetry,
  promiseTry,
  RetryBudget,
  sleep,
  systemClock,
  type Clock,
} from '@quantumtrade/dal-runtime';

/** Limits of the calls of an object store. */
export interface StoreLimits {
  /** Time limit of one attempt. @default 30,000 (milliseconds) */
  readonly timeoutMs?: number;
  /** Attempts of one request to the store. @default 3 (attempts) */
  readonly maxAttempts?: number;
  /** @default the system's clock */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: () => number;
}

/** Details of the errors of one call. */
export type CallDetails = Pick<ErrorDetails, 'operation' | 'endpoint'>;

/** Returns the error of the data layer for a failure of an attempt. */
export type ToDatabaseError = (failure: unknown, details: CallDetails) => AnyDatabaseError;

const BACKOFF = { initialDelayMs: 100, maxDelayMs: 5_000 };

/** The calls of one object store: each is checked first, and makes attempts that are bounded in time and number. */
export class StoreCalls {
  readonly #location: string;
  readonly #toError: ToDatabaseError;
  readonly #limits: Required<StoreLimits>;
  readonly #budget: RetryBudget;
  #isClosed = false;

  constructor(location: string, toError: ToDatabaseError, limits: StoreLimits = {}) {
    const { timeoutMs = 30_000, maxAttempts = 3, clock = systemClock, random = Math.random } = limits;
    this.#location = location;
    this.#toError = toError;
    this.#limits = { timeoutMs, maxAttempts, clock, random };
    this.#budget = new RetryBudget(clock);
  }

  /** Begins a call. Throws when its options are wrong, its time is over or the store is closed. */
  begin(method: string, options: CallOptions | undefined, knownOptions?: readonly string[]): StoreCall {
    const details = { operation: `objectStore.${method}`, endpoint: this.#location };
    checkCall(options, details.operation, knownOptions, this.#limits.clock);
    if (this.#isClosed)
      throw new ConnectionError('the object store is closed', { ...details, retryable: false });
    return new StoreCall(details, options ?? {}, this.#limits, this.#budget, this.#toError);
  }

  close(): void {
    this.#isClosed = true;
  }
}

/** One call, which makes one request to the store or several. */
export class StoreCall {
  readonly details: CallDetails;
  readonly #options: CallOptions;
  readonly #limits: Required<StoreLimits>;
  readonly #budget: RetryBudget;
  readonly #toError: ToDatabaseError;
  readonly #startedAt: number;

  constructor(
    details: CallDetails,
    options: CallOptions,
    limits: Required<StoreLimits>,
    budget: RetryBudget,
    toError: ToDatabaseError,
  ) {
    this.details = details;
    this.#options = options;
    this.#limits = limits;
    this.#budget = budget;
    this.#toError = toError;
    this.#startedAt = limits.clock.now();
  }

  get operation(): string {
    return this.details.operation;
  }

  /**
   * Makes a request, which may be made more than once. Rejects with the signal's reason or a `DatabaseError`. The request gets a signal
   * that aborts when its attempt is over.
   */
  async request<T>(attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, maxAttempts, random } = this.#limits;
    const { signal, deadline = Infinity } = this.#options;
    const backoff = new Backoff({ ...BACKOFF, random });
    this.#budget.onRequest();
    for (let attempts = 1; ; attempts++) {
      try {
        return await this.#attempt(attempt);
      } catch (failure) {
        signal?.throwIfAborted();
        const error = isDatabaseError(failure) ? failure : this.#toError(failure, this.details);
        const decision = decideRetry(
          { class: 'read', retryable: isWorthRetrying(error), sent: 'maybe' },
          { attempts, maxAttempts, remainingMs: deadline - clock.now(), backoff, budget: this.#budget },
        );
        if (decision === 'no') throw error;
        await sleep(decision.delayMs, clock, signal);
      }
    }
  }

  #attempt<T>(attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { timeoutMs, clock } = this.#limits;
    const { signal, deadline: at } = this.#options;
    const timeoutError = () => new TimeoutError(clock.now() - this.#startedAt, this.details);
    const deadline = new Deadline({ signal, deadline: at, timeoutMs }, timeoutError, clock);
    return deadline.race(promiseTry(() => attempt(deadline.signal)));
  }
}

/** Whether a further attempt may succeed at once. Damage may have happened on the way; a full store stays full. */
const isWorthRetrying = ({ retryable, kind }: AnyDatabaseError): boolean =>
  kind === 'OBJECT_DAMAGED' || (retryable && kind !== 'STORE_FULL');
