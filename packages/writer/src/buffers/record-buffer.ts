import type { Batch, BatchVersion, BlockCollector, BlockWriter, RecordName } from '@quantumtrade/dal-domain';
import { hasOwnTime } from '@quantumtrade/dal-domain';
import type { CompleteWriterOptions } from '../batch-writer-options.js';
import { InFlightBlock } from '../dispatch/in-flight-block.js';
import { PendingWrite } from './pending-write.js';

/** Version of a batch, and whether its superseded rows are counted. */
export interface DrawnVersion {
  readonly version: BatchVersion;
  readonly findSuperseded: boolean;
}

/** Collects the batches of one record until their rows leave as blocks. */
export class RecordBuffer<N extends RecordName> {
  readonly record: N;
  readonly #collector: BlockCollector<N>;
  readonly #options: CompleteWriterOptions;
  readonly #countSuperseded: CompleteWriterOptions['countSuperseded'];
  #writes: PendingWrite[] = [];
  /** Rows of the largest batch collected. */
  #largestBatch = 0;
  #cancelTimer: (() => void) | undefined;
  /** When rows left last, in epoch milliseconds. */
  #leftAt = -Infinity;

  constructor(blocks: BlockWriter, record: N, options: CompleteWriterOptions) {
    this.record = record;
    this.#collector = blocks.collect(record);
    this.#options = options;
    this.#countSuperseded = options.durability === 'journaled' ? 'never' : options.countSuperseded;
  }

  get rowCount(): number {
    return this.#collector.rowCount;
  }

  get byteLength(): number {
    return this.rowCount === 0 ? 0 : this.#collector.byteLength;
  }

  /** Whether another batch as large as the largest one would exceed `maxRows`, or `maxBytes` is reached. */
  get isFull(): boolean {
    const { maxRows, maxBytes } = this.#options;
    return this.rowCount + this.#largestBatch > maxRows || this.byteLength >= maxBytes;
  }

  /**
   * Draws the version of a batch that is appended later.
   * @throws ValidationError when the batch's time is wrong
   */
  drawVersion(batch: Batch<N>): DrawnVersion {
    const version = this.#collector.drawVersion(batch);
    const isTimed = this.#countSuperseded === 'timed' && hasOwnTime(this.record, batch);
    return { version, findSuperseded: isTimed || this.#countSuperseded === 'always' };
  }

  /**
   * Appends a batch in steps. Until the last one, nothing else may be done with the buffer.
   * @throws ValidationError when the batch itself is wrong; then nothing of it is appended
   */
  *append(batch: Batch<N>, { version, findSuperseded }: DrawnVersion): Generator<void, PendingWrite, void> {
    const { rowCount, roundedCount, errors } = yield* this.#collector.appendInSteps(batch, version);
    const receipt = {
      acceptedCount: rowCount,
      failedCount: errors.length,
      supersededCount: this.#countSuperseded === 'never' ? null : 0,
      roundedCount,
      errors,
      durability: this.#options.durability,
      writeToken: null,
    };
    const write = new PendingWrite(receipt, findSuperseded);
    this.#writes.push(write);
    this.#largestBatch = Math.max(this.#largestBatch, rowCount);
    // Batches without a good row must not pile up.
    if (this.rowCount === 0) this.finish();
    return write;
  }

  /** Starts the timer after which the rows are due, unless it runs. Rows are due immediately after a pause of `maxAgeMs`. */
  startTimer(onDue: () => void): void {
    const { clock, maxAgeMs } = this.#options;
    // The clock may have been set back since rows left last.
    const delayMs = Math.min(Math.max(this.#leftAt + maxAgeMs - clock.now(), 0), maxAgeMs);
    this.#cancelTimer ??= clock.after(delayMs, onDue);
  }

  /** Returns the collected rows as blocks and begins anew. A failure rejects the writes. */
  finish(): InFlightBlock[] {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#leftAt = this.#options.clock.now();
    const writes = this.#writes;
    this.#writes = [];
    this.#largestBatch = 0;
    try {
      return this.#collector.finish().map((block) => new InFlightBlock(block, writes));
    } catch (error) {
      for (const write of writes) write.fail(error);
      return [];
    }
  }
}
