import { expiryTimer, systemClock, type Cancel, type Clock, type Expiry } from './clock.js';

/** The part of an `AbortSignal` that this package uses. */
export interface AbortSource {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options: { once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Callbacks by subscription, so that two subscriptions of one callback stay apart. */
type Callbacks = Map<object, () => void>;

interface Subscribers {
  readonly callbacks: Callbacks;
  readonly listener: () => void;
}

const subscribersOf = new WeakMap<AbortSource, Subscribers>();

/**
 * Calls back once when the signal aborts, synchronously; immediately when it has aborted. Returns a function that ends the
 * subscription.
 *
 * A signal carries one listener for all its subscriptions, and none after the last has ended, so any number of calls may share
 * a long-lived signal at constant cost each. A callback that throws does not keep the others from being called.
 */
export function onAbort(signal: AbortSource, callback: () => void): Cancel {
  if (signal.aborted) {
    callback();
    return () => undefined;
  }
  if (signal instanceof LightAbortSignal) return signal.subscribe(callback);
  let subscribers = subscribersOf.get(signal);
  if (!subscribers) {
    const added: Callbacks = new Map();
    subscribers = { callbacks: added, listener: () => callAll(added) };
    subscribersOf.set(signal, subscribers);
  }
  const { callbacks, listener } = subscribers;
  if (callbacks.size === 0) signal.addEventListener('abort', listener, { once: true });
  const subscription = {};
  callbacks.set(subscription, callback);
  return () => {
    if (callbacks.delete(subscription) && callbacks.size === 0) signal.removeEventListener('abort', listener);
  };
}

/** Calls every callback that is still in the map and removes them, then throws the first of their errors. */
function callAll(callbacks: Callbacks): void {
  const failures: unknown[] = [];
  for (const callback of callbacks.values()) {
    try {
      callback();
    } catch (error) {
      failures.push(error);
    }
  }
  callbacks.clear();
  if (failures.length > 0) throw failures[0];
}

/**
 * Signal with the method that aborts it. An `AbortController` costs several times as much, so one is created only when
 * {@link standard} is read.
 */
export class LightAbortSignal implements AbortSource {
  aborted = false;
  reason: unknown;
  #callbacks: Callbacks | undefined;
  #controller: AbortController | undefined;

  /** Aborts the signal. A signal that has aborted keeps its reason. */
  abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    if (this.#callbacks) callAll(this.#callbacks);
    this.#controller?.abort(reason);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** Calls back when the signal aborts. Returns a function that ends the subscription. */
  subscribe(callback: () => void): Cancel {
    const callbacks = (this.#callbacks ??= new Map());
    const subscription = {};
    callbacks.set(subscription, callback);
    return () => callbacks.delete(subscription);
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    (this.#callbacks ??= new Map()).set(listener, listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#callbacks?.delete(listener);
  }

  /** An `AbortSignal` that aborts with this signal. */
  get standard(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }
}

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
    if (this.at === Infinity || this.#abortion) return;
    const delayMs = this.at - this.#startedAt;
    if (clock === systemClock) this.#expiry = expiryTimer.after(delayMs, () => this.#timeOut(), true);
    else this.#cancelTimer = clock.after(delayMs, () => this.#timeOut());
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

/** Waits for a delay in milliseconds. Rejects with the signal's reason when it aborts before. */
export function sleep(delayMs: number, clock: Clock = systemClock, signal?: AbortSource): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const cancel = clock.after(delayMs, () => {
      unsubscribe?.();
      resolve();
    });
    const unsubscribe =
      signal &&
      onAbort(signal, () => {
        cancel();
        reject(signal.reason as Error);
      });
  });
}
