import type { MarketDataBatch } from '@quantumtrade/dal-domain';
import type { Random } from '@quantumtrade/dal-testing';
import { numberedBar, SOURCE } from '../writing/numbered-bars.js';

/** One write of one key. Writes of a key that are called later have greater numbers, and win. */
interface LoggedWrite {
  readonly n: number;
  readonly begunAt: number;
  /** `Infinity` while it is not acknowledged. */
  acknowledgedAt: number;
}

/** Wrong keys of a restored table, the first few. */
export interface RecoveryFindings {
  /** Keys whose newest acknowledged version is missing, with the version that is there. */
  readonly lost: readonly string[];
  /** Keys with a version whose write began after the instant. */
  readonly tooNew: readonly string[];
  /** Keys that nobody has written. */
  readonly unknown: readonly string[];
}

export const NOTHING_WRONG: RecoveryFindings = { lost: [], tooNew: [], unknown: [] };

const MAX_LISTED = 10;

/** Everything that a test has written, with the times at which each write began and was acknowledged. */
export class WriteLog {
  /** Writes by the instant of the bar, which identifies it. */
  readonly #writes = new Map<number, LoggedWrite[]>();
  readonly #random: Random;
  #keys = 0;
  #last = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get rows(): number {
    return this.#last;
  }

  /** Returns a batch, a third of whose rows are corrections, and a function to call when it is acknowledged. */
  next(): { readonly batch: MarketDataBatch; acknowledge(): void } {
    const keys = new Set<number>();
    for (let rows = 1 + this.#random.below(20); rows > 0; rows--) {
      const isCorrection = this.#keys > 0 && this.#random.chance(1 / 3);
      keys.add(isCorrection ? this.#random.below(this.#keys) : this.#keys++);
    }
    const begunAt = Date.now();
    const writes: LoggedWrite[] = [];
    const records = [...keys].map((key) => {
      const bar = { ...numberedBar(key), volume: ++this.#last };
      const write = { n: this.#last, begunAt, acknowledgedAt: Infinity };
      const earlier = this.#writes.get(bar.timestamp as number);
      if (earlier) earlier.push(write);
      else this.#writes.set(bar.timestamp as number, [write]);
      writes.push(write);
      return bar;
    });
    return {
      batch: { source: SOURCE, records },
      acknowledge() {
        const now = Date.now();
        for (const write of writes) write.acknowledgedAt = now;
      },
    };
  }

  /** Compares the number of each stored bar, by its instant, with what was written by an instant. */
  compare(stored: ReadonlyMap<number, number>, instant: number): RecoveryFindings {
    const lost: string[] = [];
    const tooNew: string[] = [];
    for (const [key, writes] of this.#writes) {
      const found = stored.get(key);
      const acknowledged = writes.filter(({ acknowledgedAt }) => acknowledgedAt <= instant);
      const newest = acknowledged.at(-1)?.n ?? 0;
      if (newest > (found ?? 0)) lost.push(`${key}: ${found} in place of ${newest}`);
      const write = writes.find(({ n }) => n === found);
      if (found !== undefined && !(write && write.begunAt <= instant)) tooNew.push(`${key}: ${found}`);
    }
    const unknown = [...stored.keys()].filter((key) => !this.#writes.has(key)).map(String);
    return {
      lost: lost.slice(0, MAX_LISTED),
      tooNew: tooNew.slice(0, MAX_LISTED),
      unknown: unknown.slice(0, MAX_LISTED),
    };
  }
}
