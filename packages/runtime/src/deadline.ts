import { onAbort, type AbortSource } from './abort.js';
import { systemClock, type Cancel, type Clock } from './clock.js';
import { expiryTimer, type Expiry } from './expiry-timer.js';

/** Limits of a call. The first one reached ends it. */
export interface DeadlineLimits {
  /** Ends the call with the signal's reason. */
  readonly signal?: AbortSource | undefined;
  /** @default Infinity (epoch milliseconds) */
  readonly deadline?: number | undefined;
  /** @default Infinity (milliseconds from now) */
  readonly timeoutMs?: number | undefined;
}

/** Creates the error of a call that ran out of time. */
export type TimeoutErrorFactory = (elapsedMs: number) => unknown;

const defaultTimeoutError: TimeoutErrorFactory = (elapsedMs) =>
  new DOMException(`The operation timed out after ${elapsedMs} ms`, 'TimeoutError');

/**
 * Aborts one call when its time is over or its signal aborts, whichever is first. Holds a timer and a listener until then, or
 * until {@link end} is called or the work of {@link race} settles; neither without limits. A time limit keeps the process alive.
 */
export class Deadline {
  /** Epoch milliseconds, `Infinity` without a time limit. */
  readonly at: number;
  readonly #startedAt: number;
  readonly #clock: Clock;
  readonly #timeoutError: TimeoutErrorFactory;
  #expiry: Expiry | undefined;
  #cancelTimer: Cancel | undefined;
  #unsubscribe: Cancel | undefined;
  #callbacks: ((reason: unknown) => void)[] | undefined;
  #controller: AbortController | undefined;
  #abortion: { readonly reason: unknown } | undefined;

  constructor(
    { signal, deadline = Infinity, timeoutMs = Infinity }: DeadlineLimits = {},
    timeoutError: TimeoutErrorFactory = defaultTimeoutError,
    clock: Clock = systemClock,
  ) {
    this.#clock = clock;
    this.#timeoutError = timeoutError;
    this.#startedAt = clock.now();
    this.at = Math.min(deadline, this.#startedAt + timeoutMs);
    if (signal) this.#unsubscribe = onAbort(signal, () => this.#abort(signal.reason));
    if (this.at < Infinity && !this.#abortion) this.#startTimer(this.at - this.#startedAt);
  }

  /** Whether the time is over or the signal has aborted. */
  get aborted(): boolean {
    return this.#abortion !== undefined;
  }

  /** Milliseconds since the deadline was created. */
  get elapsedMs(): number {
    return this.#clock.now() - this.#startedAt;
  }

  /** Milliseconds left; negative when the time is over. */
  get remainingMs(): number {
    return this.at - this.#clock.now();
  }

  /** Aborts with the reason that {@link race} rejects with. Created on first use. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#abortion) this.#controller.abort(this.#abortion.reason);
    }
    return this.#controller.signal;
  }

  /** Throws the signal's reason or the timeout error once aborted. */
  throwIfAborted(): void {
    if (this.#abortion) throw this.#abortion.reason;
  }

  /** Creates the error of a call that runs out of time now. */
  timeoutError(): unknown {
    return this.#timeoutError(this.elapsedMs);
  }

  /** Calls back once with the reason when aborted; immediately when aborted already. */
  onAbort(callback: (reason: unknown) => void): void {
    if (this.#abortion) callback(this.#abortion.reason);
    else (this.#callbacks ??= []).push(callback);
  }

  /**
   * Settles as the work does, or rejects when aborted and then calls `onLeave`; the work itself continues. Ends the deadline.
   * Without limits it returns the work's own promise.
   */
  race<T>(work: Promise<T>, onLeave?: (reason: unknown) => void): Promise<T> {
    const isUnlimited = !this.#abortion && !this.#expiry && !this.#cancelTimer && !this.#unsubscribe;
    if (isUnlimited) return work;
    return new Promise<T>((resolve, reject) => {
      work.then(
        (value) => {
          this.end();
          resolve(value);
        },
        (error: unknown) => {
          this.end();
          reject(error as Error);
        },
      );
      this.onAbort((reason) => {
        reject(reason as Error);
        onLeave?.(reason);
      });
    });
  }

  /** Stops the timer and the subscription to the signal: the deadline no longer aborts. */
  end(): void {
    if (this.#expiry) expiryTimer.cancel(this.#expiry);
    this.#cancelTimer?.();
    this.#unsubscribe?.();
    this.#expiry = this.#cancelTimer = this.#unsubscribe = this.#callbacks = undefined;
  }

  #startTimer(delayMs: number): void {
    if (this.#clock !== systemClock) this.#cancelTimer = this.#clock.after(delayMs, () => this.#timeOut());
    else this.#expiry = expiryTimer.after(delayMs, () => this.#timeOut(), true);
  }

  #timeOut(): void {
    this.#abort(this.timeoutError());
  }

  #abort(reason: unknown): void {
    const callbacks = this.#callbacks;
    this.#abortion = { reason };
    this.end();
    this.#controller?.abort(reason);
    if (callbacks) for (const callback of callbacks) callback(reason);
  }
}
