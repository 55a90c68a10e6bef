import { setTimeout as delay } from 'node:timers/promises';
import type { BatchWriter } from '@quantumtrade/dal';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import type { Random } from '@quantumtrade/dal-testing';
import { batchOf } from './bars.js';
import { settledInTime } from './settled-in-time.js';

/** Longer than anything in a run lasts. */
export const PATIENCE_MS = 300_000;

export interface FeedOptions {
  /** The number of the first row. Default is 0. */
  readonly first?: number;
  /** Told the numbers of each batch once it is acknowledged. */
  readonly onAcknowledged?: (numbers: readonly number[]) => void;
}

/** Writes numbered rows and keeps account of what its writer said of them. */
export class Feed {
  readonly acknowledged = new Set<number>();
  /** Codes of the errors that writes were rejected with, and how often. */
  readonly rejected: Record<string, number> = {};
  readonly #writer: BatchWriter;
  readonly #random: Random;
  readonly #first: number;
  readonly #onAcknowledged: FeedOptions['onAcknowledged'];
  #next: number;

  constructor(writer: BatchWriter, random: Random, { first = 0, onAcknowledged }: FeedOptions = {}) {
    this.#writer = writer;
    this.#random = random;
    this.#first = first;
    this.#next = first;
    this.#onAcknowledged = onAcknowledged;
  }

  /** Rows written, whatever became of them. */
  get writtenCount(): number {
    return this.#next - this.#first;
  }

  /** Writes a few rows; resolves, when that is settled, with whether it was acknowledged. Fails when it hangs. */
  async write(patienceMs = PATIENCE_MS): Promise<boolean> {
    const count = 1 + this.#random.below(40);
    const numbers = Array.from({ length: count }, (_, i) => this.#next + i);
    this.#next += count;
    const deadline = Date.now() + patienceMs;
    const call = this.#writer.write('marketData', batchOf(numbers), { deadline }).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const failure = await settledInTime(call, deadline);
    if (failure) {
      const code = isDatabaseError(failure.error) ? failure.error.code : String(failure.error);
      this.rejected[code] = (this.rejected[code] ?? 0) + 1;
      return false;
    }
    for (const n of numbers) this.acknowledged.add(n);
    this.#onAcknowledged?.(numbers);
    return true;
  }

  /**
   * Some callers write one batch after the other, mostly patient and sometimes not, until `isOver`. Resolves when all is
   * settled.
   */
  async run(isOver: () => boolean): Promise<void> {
    const callers = Array.from({ length: 8 }, async () => {
      while (!isOver()) {
        await this.write(this.#random.chance(0.2) ? 20 + this.#random.below(600) : PATIENCE_MS);
        await delay(this.#random.below(20));
      }
    });
    await Promise.all(callers);
  }
}
