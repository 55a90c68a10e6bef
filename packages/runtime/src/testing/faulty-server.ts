import type { Cancel } from '../clock.js';
import type { ManualClock } from '../manual-clock.js';
import type { SeededRandom } from '../seeded-random.js';
import { SimulatedServer } from './simulated-server.js';

/** Fault of a server for a time: `refusing` takes no connection, `resetting` breaks half of them, `hanging` never answers. */
type Fault = 'none' | 'refusing' | 'resetting' | 'hanging' | 'slow';
const FAULTS: readonly Fault[] = ['none', 'none', 'refusing', 'resetting', 'hanging', 'slow'];

/** How an attempt ended: with an answer, without a connection, or by a broken connection. */
export type AttemptEnd = 'answered' | 'refused' | 'broken';

/** Simulated server with a seeded schedule of faults, which ends after a time. Some of its faults are short, so that it flaps. */
export class FaultyServer {
  /** Number of requests that it has begun, by call. */
  readonly begun = new Map<number, number>();
  readonly #clock: ManualClock;
  readonly #random: SeededRandom;
  readonly #server: SimulatedServer;
  #fault: Fault = 'none';

  constructor(clock: ManualClock, random: SeededRandom, capacity: number, faultsUntil: number) {
    this.#clock = clock;
    this.#random = random;
    this.#server = new SimulatedServer(clock, capacity);
    this.#changeFault(faultsUntil);
  }

  /** Runs a request. Returns the function that cancels it, after which it does not call back. */
  run(call: number, serviceMs: number, onEnd: (end: AttemptEnd) => void): Cancel {
    let isCancelled = false;
    const end = (how: AttemptEnd) => {
      if (!isCancelled) onEnd(how);
    };
    if (this.#fault === 'refusing') this.#clock.after(1, () => end('refused'));
    else {
      this.begun.set(call, (this.begun.get(call) ?? 0) + 1);
      const breaks = this.#fault === 'resetting' && this.#random.next() < 0.5;
      if (breaks) this.#clock.after(serviceMs / 2, () => end('broken'));
      else if (this.#fault !== 'hanging') this.#server.run(serviceMs, () => end('answered'));
    }
    return () => {
      isCancelled = true;
    };
  }

  #changeFault(faultsUntil: number): void {
    const isOver = this.#clock.now() >= faultsUntil;
    this.#fault = isOver ? 'none' : FAULTS[Math.floor(this.#random.next() * FAULTS.length)]!;
    this.#server.slowness = this.#fault === 'slow' ? 30 : 1;
    const longestMs = this.#random.next() < 0.5 ? 300 : 8_000;
    if (!isOver) this.#clock.after(this.#random.next() * longestMs, () => this.#changeFault(faultsUntil));
  }
}
