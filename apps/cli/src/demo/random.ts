import { SeededRandom } from '@quantumtrade/dal-runtime';

/** Seeded pseudo-random numbers of several distributions. */
export class DemoRandom extends SeededRandom {
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Returns a normal number with mean 0 and deviation 1 (Box and Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}
