import type { CacheClock } from '../clock.js';
import type { BegunBefore } from '../l1/coherent-l1.js';
import type { Limits } from '../wait-for.js';
import { waitFor } from '../wait-for.js';
import { WorkSignal } from './work-signal.js';

interface Flight {
  /** Undefined once it has ended. */
  work: Promise<unknown> | undefined;
  readonly signal: WorkSignal;
  waiting: number;
}

/** Works that callers of the same key share while they run. */
export class Flights implements BegunBefore {
  readonly #operation: string;
  readonly #clock: CacheClock;
  readonly #flights = new Map<string, Flight>();
  #joins = 0;

  constructor(operation: string, clock: CacheClock) {
    this.#operation = operation;
    this.#clock = clock;
  }

  /** How often a caller found the work already running. */
  get joins(): number {
    return this.#joins;
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /**
   * The outcome of the key's running work, or of the one started now. The limits of the call end this caller's waiting; the
   * work's signal is aborted when nobody waits for it any more. Who may not join has the work started anew.
   */
  join<T>(
    key: string,
    limits: Limits | undefined,
    start: (signal: WorkSignal) => Promise<T>,
    mayJoin = true,
  ): Promise<T> {
    const running = mayJoin ? this.#flights.get(key) : undefined;
    if (running) this.#joins++;
    const flight = running ?? this.#start(key, start);
    flight.waiting++;
    return waitFor(flight.work as Promise<T>, this.#operation, limits, this.#clock, () => {
      if (--flight.waiting > 0) return;
      this.#end(key, flight);
      flight.signal.abort();
    });
  }

  /** Lets nobody join the work that runs for the key; who waits for it still gets its outcome. */
  forget(key: string): void {
    this.#flights.delete(key);
  }

  forgetAll(): void {
    this.#flights.clear();
  }

  #start(key: string, start: (signal: WorkSignal) => Promise<unknown>): Flight {
    const signal = new WorkSignal();
    const work = start(signal);
    const flight: Flight = { work, signal, waiting: 0 };
    const end = () => {
      this.#end(key, flight);
      // A map leaves old tables behind, which keep what they held from being collected soon: not all that a work brought.
      flight.work = undefined;
    };
    work.then(end, end);
    this.#flights.set(key, flight);
    return flight;
  }

  #end(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
