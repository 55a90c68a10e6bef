import type { Clock } from '@quantumtrade/dal-domain';

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now: number;

  constructor(now: Date | number) {
    this.#now = Number(now);
  }

  now(): number {
    return this.#now;
  }

  set(now: Date | number): void {
    this.#now = Number(now);
  }

  /** Moves the time on; a negative span moves it back. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
