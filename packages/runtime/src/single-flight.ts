import { LightAbortSignal } from './abort.js';
import { systemClock, type Clock } from './clock.js';
import { Deadline, type DeadlineLimits, type TimeoutErrorFactory } from './deadline.js';

interface Flight {
  /** Undefined once it has settled. */
  work: Promise<unknown> | undefined;
  readonly signal: LightAbortSignal;
  /** Number of callers. */
  callers: number;
}

/** Runs work once for all concurrent callers of the same key. */
export class SingleFlight {
  readonly #timeoutError: TimeoutErrorFactory | undefined;
  readonly #clock: Clock;
  readonly #running = new Map<string, Flight>();
  #joinedCount = 0;

  constructor(timeoutError?: TimeoutErrorFactory, clock: Clock = systemClock) {
    this.#timeoutError = timeoutError;
    this.#clock = clock;
  }

  /** Number of calls that joined running work. */
  get joinedCount(): number {
    return this.#joinedCount;
  }

  /** Whether work runs that callers of the key may join. */
  has(key: string): boolean {
    return this.#running.has(key);
  }

  /**
   * Returns the outcome of the key's running work, or starts it; with `mayJoin` false it always starts new work, which later
   * callers join. The limits end this caller's waiting alone. The work's signal aborts when no caller waits any longer.
   */
  run<T>(
    key: string,
    limits: DeadlineLimits | undefined,
    start: (signal: LightAbortSignal) => Promise<T>,
    mayJoin = true,
  ): Promise<T> {
    const joined = mayJoin ? this.#running.get(key) : undefined;
    if (joined) this.#joinedCount++;
    const flight = joined ?? this.#start(key, start);
    flight.callers++;
    const work = flight.work as Promise<T>;
    if (limits?.signal === undefined && limits?.deadline === undefined) return work;
    return new Deadline(limits, this.#timeoutError, this.#clock).race(work, () => {
      if (--flight.callers > 0) return;
      this.#end(key, flight);
      flight.signal.abort();
    });
  }

  /** Lets no further caller join the key's running work. Its current callers still receive the outcome. */
  forget(key: string): void {
    this.#running.delete(key);
  }

  /** Lets no further caller join any running work. */
  forgetAll(): void {
    this.#running.clear();
  }

  #start(key: string, start: (signal: LightAbortSignal) => Promise<unknown>): Flight {
    const signal = new LightAbortSignal();
    const work = start(signal);
    const flight: Flight = { work, signal, callers: 0 };
    const end = () => {
      this.#end(key, flight);
      // Maps retain old tables for a while: release the result now.
      flight.work = undefined;
    };
    work.then(end, end);
    this.#running.set(key, flight);
    return flight;
  }

  #end(key: string, flight: Flight): void {
    if (this.#running.get(key) === flight) this.#running.delete(key);
  }
}
