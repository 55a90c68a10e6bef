import { systemClock, type Clock } from './clock.js';
import { Deadline, LightAbortSignal, type DeadlineLimits, type TimeoutErrorFactory } from './deadline.js';

/** Work that callers share while it runs. */
export interface Flight {
  /** Undefined until it has started, and once it has settled. */
  work: Promise<unknown> | undefined;
  readonly signal: LightAbortSignal;
  /** Whether the signal may abort: false when the first caller waits without limits. */
  readonly mayAbort: boolean;
  /** Number of callers. */
  callers: number;
}

/** Runs work once for all concurrent callers of the same key. */
export class SingleFlight {
  readonly #timeoutError: TimeoutErrorFactory | undefined;
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Flight>();
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
    return this.#joinable(key) !== undefined;
  }

  /**
   * Returns the outcome of the key's running work, or starts it; with `mayJoin` false it always starts new work, which later
   * callers join. The limits end this caller's waiting alone. The work's signal aborts when no caller waits any longer.
   */
  run<T>(
    key: string,
    limits: DeadlineLimits | undefined,
    start: (signal: LightAbortSignal, flight: Flight) => Promise<T>,
    mayJoin = true,
  ): Promise<T> {
    const flight = mayJoin ? this.#joinable(key) : undefined;
    if (flight) this.#joinedCount++;
    return this.#wait(flight ?? this.#start(key, start, isLimited(limits)), key, limits);
  }

  /** Returns the outcome of the key's running work; undefined when there is none. */
  join<T>(key: string, limits: DeadlineLimits | undefined): Promise<T> | undefined {
    const flight = this.#joinable(key);
    if (flight === undefined) return undefined;
    this.#joinedCount++;
    return this.#wait(flight, key, limits);
  }

  /** Lets callers of a key of this group join running work of another. It is joinable until it settles or is aborted. */
  adopt(key: string, flight: Flight): void {
    this.#byKey.set(key, flight);
    const end = () => this.#end(key, flight);
    flight.work?.then(end, end);
  }

  /** Lets no further caller join the key's running work. Its current callers still receive the outcome. */
  forget(key: string): void {
    this.#byKey.delete(key);
  }

  /** Lets no further caller join any running work. */
  forgetAll(): void {
    this.#byKey.clear();
  }

  #joinable(key: string): Flight | undefined {
    const flight = this.#byKey.get(key);
    return flight?.work === undefined || flight.signal.aborted ? undefined : flight;
  }

  #wait<T>(flight: Flight, key: string, limits: DeadlineLimits | undefined): Promise<T> {
    flight.callers++;
    const work = flight.work as Promise<T>;
    if (!isLimited(limits)) return work;
    return new Deadline(limits, this.#timeoutError, this.#clock).race(work, () => {
      if (--flight.callers > 0) return;
      this.#end(key, flight);
      flight.signal.abort();
    });
  }

  #start(
    key: string,
    start: (signal: LightAbortSignal, flight: Flight) => Promise<unknown>,
    mayAbort: boolean,
  ): Flight {
    const flight: Flight = { work: undefined, signal: new LightAbortSignal(), mayAbort, callers: 0 };
    const work = start(flight.signal, flight);
    flight.work = work;
    const end = () => {
      this.#end(key, flight);
      // Maps retain old tables for a while: release the result now.
      flight.work = undefined;
    };
    work.then(end, end);
    this.#byKey.set(key, flight);
    return flight;
  }

  #end(key: string, flight: Flight): void {
    if (this.#byKey.get(key) === flight) this.#byKey.delete(key);
  }
}

const isLimited = (limits: DeadlineLimits | undefined): limits is DeadlineLimits =>
  limits !== undefined && (limits.signal !== undefined || limits.deadline !== undefined);
