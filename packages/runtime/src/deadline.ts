import { AsyncResource } from 'node:async_hooks';
import { MAX_TIMER_MS, systemClock, type Cancel, type Clock } from './clock.js';

/** A callback that runs at an instant unless it is cancelled before. */
export interface Expiry {
  /** Milliseconds of the process's monotonic clock. */
  readonly at: number;
  /** Index among the pending expiries, or `NOT_PENDING`. */
  index: number;
  /** Whether it keeps the process alive while it is pending. */
  readonly keepsAlive: boolean;
  run(): void;
}

const NOT_PENDING = -1;

/** After a scan, no further scan starts for this many times the scan's own duration, so that scans take at most a tenth. */
const SCAN_PAUSE_FACTOR = 10;

/**
 * Timer for the time limits of calls, nearly all of which are cancelled. All expiries share one Node timer, which stays when
 * they are cancelled: to set a Node timer costs more than the rest of a call's limits. A process that was busy past an expiry
 * first handles the I/O that arrived meanwhile.
 */
export class ExpiryTimer {
  /** An array: under constant insertion and removal, maps and sets retain old tables and what those refer to. */
  readonly #pending: Expiry[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** When the Node timer fires. */
  #firesAt = Infinity;
  #pausedUntil = 0;
  /** Number of pending expiries that keep the process alive, and the timer that does so. */
  #keepAliveCount = 0;
  #keepAlive: NodeJS.Timeout | undefined;
  /** Keeps the async context of the call that happens to set the timer away from all others. */
  readonly #context = new AsyncResource('ExpiryTimer');

  /** Runs a callback after a delay in milliseconds. By default a pending expiry does not keep the process alive. */
  after(delayMs: number, run: () => void, keepsAlive = false): Expiry {
    const expiry = { at: performance.now() + delayMs, index: this.#pending.length, keepsAlive, run };
    this.#pending.push(expiry);
    if (keepsAlive && ++this.#keepAliveCount === 1) (this.#keepAlive ??= this.#startKeepAlive()).ref();
    if (expiry.at < this.#firesAt) this.#setTimer(expiry.at);
    return expiry;
  }

  cancel(expiry: Expiry): void {
    const { index } = expiry;
    if (index === NOT_PENDING) return;
    expiry.index = NOT_PENDING;
    if (expiry.keepsAlive && --this.#keepAliveCount === 0) this.#keepAlive!.unref();
    const last = this.#pending.pop()!;
    if (last === expiry) return;
    this.#pending[index] = last;
    last.index = index;
  }

  #startKeepAlive(): NodeJS.Timeout {
    return this.#context.runInAsyncScope(() => setInterval(() => undefined, MAX_TIMER_MS));
  }

  #setTimer(at: number): void {
    const firesAt = Math.max(at, this.#pausedUntil);
    if (firesAt >= this.#firesAt) return;
    clearTimeout(this.#timer);
    this.#firesAt = firesAt;
    const delayMs = Math.min(Math.ceil(firesAt - performance.now()), MAX_TIMER_MS);
    this.#timer = this.#context.runInAsyncScope(() => setTimeout(this.#onTimer, delayMs).unref());
  }

  readonly #onTimer = (): void => {
    const now = performance.now();
    this.#firesAt = Infinity;
    setImmediate(() => this.#runDue(now));
  };

  /** Runs the callbacks that are due, in the order of their instants. */
  #runDue(now: number): void {
    const begin = performance.now();
    const due: Expiry[] = [];
    let next = Infinity;
    for (const expiry of this.#pending) {
      if (expiry.at <= now) due.push(expiry);
      else next = Math.min(next, expiry.at);
    }
    const end = performance.now();
    this.#pausedUntil = end + SCAN_PAUSE_FACTOR * (end - begin);
    for (const expiry of due) this.cancel(expiry);
    if (next < Infinity) this.#setTimer(next);
    for (const { run } of due.sort((a, b) => a.at - b.at)) run();
  }
}

/** The timer that all calls of the process share. */
export const expiryTimer = new ExpiryTimer();

/** The part of an `AbortSignal` that this package uses. */
export interface AbortSource {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options: { once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
  /** Calls back when the signal aborts. Returns a function that ends the subscription. @default one listener for all callbacks */
  subscribe?(callback: () => void): Cancel;
}

/** Callbacks by subscription, so that two subscriptions of one callback stay apart. */
export type Callbacks = Map<object, () => void>;

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
  if (signal.subscribe) return signal.subscribe(callback);
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
export function callAll(callbacks: Callbacks): void {
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
