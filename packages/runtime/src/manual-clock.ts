import type { Cancel, Clock } from './clock.js';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Clock for tests: stands still until it is moved, and then runs the timers that are due, in the order of their times. */
export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  /** @param now Initial time. @default 1,000,000 (epoch milliseconds) */
  constructor(now: Date | number = 1_000_000) {
    this.#now = Number(now);
  }

  /** Number of timers that have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves the clock to a time, which may lie in the past. */
  set(now: Date | number): void {
    const target = Number(now);
    for (let timer = this.#nextUntil(target); timer; timer = this.#nextUntil(target)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
    }
    this.#now = target;
  }

  /** Moves the clock by milliseconds, backwards if negative. */
  advance(milliseconds: number): void {
    this.set(this.#now + milliseconds);
  }

  #nextUntil(target: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= target && !(next && next.at <= timer.at)) next = timer;
    return next;
  }
}
