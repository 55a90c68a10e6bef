import { systemClock, type Clock } from './clock.js';
import { Deadline, type DeadlineLimits, type TimeoutErrorFactory } from './deadline.js';
import { LightAbortSignal } from './light-abort-signal.js';

/** Work that callers share while it runs. */
export interface Flight {
  /** Undefined until it has started, and once it has settled. */
  work: Promise<unknown> | undefined;
  /** Undefined when the first caller waits without limits, and the work itself has set none. */
  signal: LightAbortSignal | undefined;
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
    const flight = this.#byKey.get(key);
    return flight?.work !== undefined && !flight.signal?.aborted;
  }

  /**
   * Returns the outcome of the key's running work, or starts it; with `mayJoin` false it always starts new work, which later
   * callers join. The limits end this caller's waiting alone. The work's signal aborts when no caller waits any longer; it is
   * undefined when the first caller waits without limits.
   */
  run<T>(
    key: string,
    limits: DeadlineLimits | undefined,
    start: (flight: Flight) => Promise<T>,
    mayJoin = true,
  ): Promise<T> {
    const joined = mayJoin ? this.join<T>(key, limits) : undefined;
    if (joined) return joined;
    const isUnlimited = limits?.signal === undefined && limits?.deadline === undefined;
    const signal = isUnlimited ? undefined : new LightAbortSignal();
    const flight: Flight = { work: undefined, signal, callers: 1 };
    const work = start(flight);
    flight.work = work;
    this.adopt(key, flight);
    return isUnlimited ? work : this.#wait(flight, work, key, limits!);
  }

  /** Returns the outcome of the key's running work; undefined when there is none. */
  join<T>(key: string, limits: DeadlineLimits | undefined): Promise<T> | undefined {
    const flight = this.#byKey.get(key);
    if (flight?.work === undefined || flight.signal?.aborted) return undefined;
    this.#joinedCount++;
    flight.callers++;
    const work = flight.work as Promise<T>;
    const isUnlimited = limits?.signal === undefined && limits?.deadline === undefined;
    return isUnlimited ? work : this.#wait(flight, work, key, limits!);
  }

  /** Lets callers of a key of this group join running work of another. It is joinable until it settles or is aborted. */
  adopt(key: string, flight: Flight): void {
    this.#byKey.set(key, flight);
    const onSettled = this.#onSettled.bind(this, key, flight);
    flight.work?.then(onSettled, onSettled);
  }

  /** Lets no further caller join the key's running work. Its current callers still receive the outcome. */
  forget(key: string): void {
    this.#byKey.delete(key);
  }

  /** Lets no further caller join any running work. */
  forgetAll(): void {
    this.#byKey.clear();
  }

  #wait<T>(flight: Flight, work: Promise<T>, key: string, limits: DeadlineLimits): Promise<T> {
    return new Deadline(limits, this.#timeoutError, this.#clock).race(work, () => {
      if (--flight.callers > 0) return;
      if (this.#byKey.get(key) === flight) this.#byKey.delete(key);
      flight.signal?.abort();
    });
  }

  #onSettled(key: string, flight: Flight): void {
    if (this.#byKey.get(key) === flight) this.#byKey.delete(key);
    // Maps retain old tables for a while: release the result now.
    flight.work = undefined;
  }
}
