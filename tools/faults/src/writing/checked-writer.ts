import { setTimeout as delay } from 'node:timers/promises';
import type { BatchWriter } from '@quantumtrade/dal';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import type { Random } from '@quantumtrade/dal-testing';
import { numberedBatch } from './numbered-bars.js';
import { awaitByDeadline } from './await-by-deadline.js';

/** Deadline of patient calls, longer than a run. */
export const PATIENT_MS = 300_000;

export interface CheckedWriterOptions {
  /** Number of the first row. @default 0 */
  readonly first?: number;
  /** Batches that are written at the same time. @default 8 */
  readonly callers?: number;
  /** Whether a row is written. @default all are */
  readonly isWritten?: (n: number) => boolean;
  /** Called with the numbers of each acknowledged batch. */
  readonly onAcknowledged?: (numbers: readonly number[]) => void;
}

/** Writes numbered rows and records which were acknowledged and which rejected. */
export class CheckedWriter {
  readonly acknowledged = new Set<number>();
  /** Number of rejected writes by error code. */
  readonly rejected: Record<string, number> = {};
  readonly #writer: BatchWriter;
  readonly #random: Random;
  readonly #first: number;
  readonly #callers: number;
  readonly #isWritten: (n: number) => boolean;
  readonly #onAcknowledged: CheckedWriterOptions['onAcknowledged'];
  #next: number;

  constructor(
    writer: BatchWriter,
    random: Random,
    { first = 0, callers = 8, isWritten = () => true, onAcknowledged }: CheckedWriterOptions = {},
  ) {
    this.#writer = writer;
    this.#random = random;
    this.#first = first;
    this.#next = first;
    this.#callers = callers;
    this.#isWritten = isWritten;
    this.#onAcknowledged = onAcknowledged;
  }

  /** Number of the next row. */
  get next(): number {
    return this.#next;
  }

  /** Number of rows written, acknowledged or not. */
  get writtenCount(): number {
    return this.#next - this.#first;
  }

  /** Writes some rows. Returns whether they were acknowledged. Throws when the call does not settle by its deadline. */
  async write(timeoutMs = PATIENT_MS): Promise<boolean> {
    const count = 1 + this.#random.below(40);
    const numbers = Array.from({ length: count }, (_, i) => this.#next + i).filter(this.#isWritten);
    this.#next += count;
    if (numbers.length === 0) return true;
    const deadline = Date.now() + timeoutMs;
    const call = this.#writer.write('marketData', numberedBatch(numbers), { deadline }).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const failure = await awaitByDeadline(call, deadline);
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
   * Writes batches from several callers, mostly with long and sometimes with short deadlines, until `isOver` returns true. Resolves
   * when all calls have settled.
   */
  async run(isOver: () => boolean): Promise<void> {
    const callers = Array.from({ length: this.#callers }, async () => {
      while (!isOver()) {
        await this.write(this.#random.chance(0.2) ? 20 + this.#random.below(600) : PATIENT_MS);
        await delay(this.#random.below(20));
      }
    });
    await Promise.all(callers);
  }
}
