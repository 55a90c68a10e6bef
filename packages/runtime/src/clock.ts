import { AsyncResource } from 'node:async_hooks';

/** Cancels a timer that has not fired yet. Later calls have no effect. */
export type Cancel = () => void;

/** Source of the current time. Tests inject their own. */
export interface TimeSource {
  /** Returns epoch milliseconds. */
  now(): number;
}

/** Time source with timers. Tests inject their own. */
export interface Clock extends TimeSource {
  /** Runs a callback once after a delay in milliseconds; with 0 or less, after the current turn of the event loop. */
  after(delayMs: number, run: () => void): Cancel;
}

/** Node runs longer timers immediately. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Clock of the machine. A pending timer keeps the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    if (delayMs <= 0) {
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    }
    let timer: NodeJS.Timeout;
    const wait = (restMs: number) => {
      timer =
        restMs > MAX_TIMER_MS
          ? setTimeout(() => wait(restMs - MAX_TIMER_MS), MAX_TIMER_MS)
          : setTimeout(run, restMs);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};

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
