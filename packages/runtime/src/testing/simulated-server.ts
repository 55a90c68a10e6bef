import type { Clock } from '../clock.js';

interface SimulatedCall {
  readonly serviceMs: number;
  readonly onEnd: () => void;
}

/** Server in simulated time: runs as many calls at once as its capacity, the others wait in the order of their arrival. */
export class SimulatedServer {
  /** Calls that it runs at the same time. */
  capacity: number;
  /** Factor by which each call takes longer. */
  slowness = 1;
  /** Sum of the service times of ended calls, at a slowness of 1, in milliseconds. */
  servedMs = 0;
  readonly #clock: Clock;
  readonly #waiting: SimulatedCall[] = [];
  #running = 0;

  constructor(clock: Clock, capacity: number) {
    this.#clock = clock;
    this.capacity = capacity;
  }

  /** Runs a call that takes a service time in milliseconds, and calls back at its end. */
  run(serviceMs: number, onEnd: () => void): void {
    this.#waiting.push({ serviceMs, onEnd });
    this.#startNext();
  }

  #startNext(): void {
    while (this.#running < this.capacity && this.#waiting.length > 0) {
      const { serviceMs, onEnd } = this.#waiting.shift()!;
      this.#running++;
      this.#clock.after(serviceMs * this.slowness, () => {
        this.#running--;
        this.servedMs += serviceMs;
        onEnd();
        this.#startNext();
      });
    }
  }
}
