import { AsyncResource } from 'node:async_hooks';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What is to happen at an instant, unless it is cancelled before. */
export interface Deadline {
  /** In milliseconds of the process' monotonic clock. */
  readonly at: number;
  /** Its place among those that are pending, or `OVER`. */
  place: number;
  act(): void;
}

const OVER = -1;

/** Looking through very many takes a while: after that, so many times as long is left to all else. */
const REST = 10;

/**
 * The ends of calls, nearly all of which are cancelled. One timer serves them and stays when they go, for setting one costs
 * more than the rest of a call's limits. It keeps no process alive.
 */
export class Deadlines {
  /** No map or set: while many come and go, it leaves old tables behind, which keep those of then from being collected soon. */
  readonly #pending: Deadline[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** When the timer rings. */
  #ringsAt = Infinity;
  #restsUntil = 0;
  /** The timer serves all, and is to know nothing of the call that happened to set it. */
  readonly #nobody = new AsyncResource('Deadlines');

  /** Has something happen after a span of milliseconds. */
  after(ms: number, act: () => void): Deadline {
    const deadline = { at: performance.now() + ms, place: this.#pending.length, act };
    this.#pending.push(deadline);
    this.#ringFor(deadline.at);
    return deadline;
  }

  cancel(deadline: Deadline): void {
    const { place } = deadline;
    if (place === OVER) return;
    deadline.place = OVER;
    const last = this.#pending.pop()!;
    if (last === deadline) return;
    this.#pending[place] = last;
    last.place = place;
  }

  #ringFor(at: number): void {
    const ringsAt = Math.max(at, this.#restsUntil);
    if (ringsAt >= this.#ringsAt) return;
    clearTimeout(this.#timer);
    this.#ringsAt = ringsAt;
    const ms = Math.min(Math.ceil(ringsAt - performance.now()), LONGEST_TIMER_MS);
    this.#timer = this.#nobody.runInAsyncScope(() => setTimeout(this.#look, ms).unref());
  }

  /** A process that was busy for too long takes what has come meanwhile before it gives up. */
  readonly #look = (): void => {
    const now = performance.now();
    this.#ringsAt = Infinity;
    setImmediate(() => this.#end(now));
  };

  /** Lets happen, in the order of their instants, what was to until now. */
  #end(now: number): void {
    const begin = performance.now();
    const over: Deadline[] = [];
    let next = Infinity;
    for (const deadline of this.#pending) {
      if (deadline.at <= now) over.push(deadline);
      else next = Math.min(next, deadline.at);
    }
    const end = performance.now();
    this.#restsUntil = end + REST * (end - begin);
    for (const deadline of over) this.cancel(deadline);
    if (next < Infinity) this.#ringFor(next);
    for (const { act } of over.sort((a, b) => a.at - b.at)) act();
  }
}
