import { SeededRandom } from '@quantumtrade/dal-runtime';

/** Seeded random integers, decisions and bytes. */
export class Random extends SeededRandom {
  /** Returns an integer from 0 to less than the limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** Returns true with a probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Returns one of the values. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** Returns random bytes. */
  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

/** Returns the seeds of a test run: `QT_RUNS` of them (or the given number), beginning with `QT_SEED` (or 1). */
export function seeds(runs: number): number[] {
  const first = Number(process.env['QT_SEED'] ?? 1);
  return Array.from({ length: Number(process.env['QT_RUNS'] ?? runs) }, (_, i) => first + i);
}
