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

  /** Has something happen after a span of milliseconds. */
  after(ms: number, act: () => void): Deadline {
    const deadline = { at: performance.now() + ms, place: this.#pending.length, act };
    this.#pending.push(deadline);
    if (deadline.at < this.#ringsAt) this.#ring(deadline.at);
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

  #ring(at: number): void {
    clearTimeout(this.#timer);
    this.#ringsAt = at;
    const ms = Math.ceil(at - performance.now());
    this.#timer = setTimeout(this.#look, Math.min(ms, LONGEST_TIMER_MS)).unref();
  }

  /** A process that was busy for too long takes what has come meanwhile before it gives up. */
  readonly #look = (): void => {
    const now = performance.now();
    this.#ringsAt = Infinity;
    setImmediate(() => this.#end(now));
  };

  #end(now: number): void {
    const over = this.#pending.filter(({ at }) => at <= now);
    for (const deadline of over) this.cancel(deadline);
    const next = this.#pending.reduce((next, { at }) => Math.min(next, at), Infinity);
    if (next < this.#ringsAt) this.#ring(next);
    for (const { act } of over) act();
  }
}
