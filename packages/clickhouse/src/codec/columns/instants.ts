import type { Canonical, Field } from '@quantumtrade/dal-domain';
import { MAX_INSTANT, MIN_INSTANT, SECONDS } from '@quantumtrade/dal-domain';
import { highHalf, SixtyFourBitWriter } from './fixed-width.js';

const HIGH_HALVES = {
  least: highHalf(MIN_INSTANT) + 1,
  greatest: highHalf(MAX_INSTANT) - 1,
  /** The high half of all numbers that may be seconds. */
  doubtful: 0,
};

/** `DateTime64(3, 'UTC')`: Int64 milliseconds since the epoch. */
export class InstantWriter extends SixtyFourBitWriter {
  constructor(field: Field) {
    super(field, "DateTime64(3, 'UTC')", HIGH_HALVES);
  }

  put(value: unknown, row: number): string | undefined {
    // What lies before is judged: some numbers there are seconds.
    const ms = value instanceof Date ? value.getTime() : value;
    if (typeof ms === 'number' && ms > SECONDS.to && ms <= MAX_INSTANT && Math.floor(ms) === ms) {
      this.write(ms, row);
      return undefined;
    }
    return this.judge(value, row);
  }

  protected putHalves(low: number, high: number, row: number): string | undefined {
    return this.put(high * 2 ** 32 + (low >>> 0), row);
  }

  epochMs(row: number): number {
    return this.integer(row);
  }

  /** Whether the first rows all lie between these instants, the end excluded. */
  lieWithin(start: number, end: number, rows: number): boolean {
    for (let row = 0; row < rows; row++) {
      const ms = this.integer(row);
      if (ms < start || ms >= end) return false;
    }
    return true;
  }

  /** Takes the first rows of another column. */
  copy(from: InstantWriter, count: number, firstRow: number): void {
    this.view.set(from.view.subarray(0, 2 * count), 2 * firstRow);
  }

  store(value: Canonical, row: number): void {
    this.write(value as number, row);
  }
}
