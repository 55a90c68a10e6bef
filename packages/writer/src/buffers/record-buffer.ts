import type { Batch, BatchVersion, BlockCollector, BlockWriter, RecordName } from '@quantumtrade/dal-domain';
import { hasOwnTime } from '@quantumtrade/dal-domain';
import { Shipment } from '../dispatch/in-flight-block.js';
import type { Durability } from './pending-write.js';
import { Ticket } from './pending-write.js';
import type { CompleteWriterOptions } from '../writer-options.js';

/** The version of a batch, and whether its superseded rows are counted. */
export interface DrawnVersion {
  readonly version: BatchVersion;
  readonly findSuperseded: boolean;
}

/** Collects the batches of one record until their rows leave as blocks. */
export class Lane<N extends RecordName> {
  readonly record: N;
  readonly #collector: BlockCollector<N>;
  readonly #durability: Durability;
  /** Which batches have their superseded rows counted. */
  readonly #countSuperseded: CompleteWriterOptions['countSuperseded'];
  #tickets: Ticket[] = [];
  /** Rows of the largest batch collected. */
  #largestBatch = 0;
  /** Stops the timer at whose end the rows are due. */
  stopTimer: (() => void) | undefined;
  /** When its last rows left. */
  leftAt = -Infinity;

  constructor(
    blocks: BlockWriter,
    record: N,
    { durability, countSuperseded }: Pick<CompleteWriterOptions, 'durability' | 'countSuperseded'>,
  ) {
    this.record = record;
    this.#collector = blocks.collect(record);
    this.#durability = durability;
    this.#countSuperseded = durability === 'journaled' ? 'never' : countSuperseded;
  }

  get rowCount(): number {
    return this.#collector.rowCount;
  }

  get byteLength(): number {
    return this.rowCount === 0 ? 0 : this.#collector.byteLength;
  }

  /** Whether another batch as large as the largest would make more than so many rows. */
  isFull(maxRows: number): boolean {
    return this.rowCount + this.#largestBatch > maxRows;
  }

  /** Draws the version of a batch that is appended later. Throws `ValidationError` when the batch's time is wrong. */
  drawVersion(batch: Batch<N>): DrawnVersion {
    const version = this.#collector.drawVersion(batch);
    const isOld = this.#countSuperseded === 'timed' && hasOwnTime(this.record, batch);
    return { version, findSuperseded: isOld || this.#countSuperseded === 'always' };
  }

  /**
   * Takes a batch a little at a time; until that is done, the lane can do nothing else.
   * Throws `ValidationError` when the batch itself is wrong; then nothing of it is taken.
   */
  *append(batch: Batch<N>, { version, findSuperseded }: DrawnVersion): Generator<void, Ticket, void> {
    const { rowCount, roundedCount, errors } = yield* this.#collector.appendInSteps(batch, version);
    const ticket = new Ticket(
      {
        acceptedCount: rowCount,
        failedCount: errors.length,
        supersededCount: this.#countSuperseded === 'never' ? null : 0,
        roundedCount,
        errors,
        durability: this.#durability,
      },
      findSuperseded,
    );
    this.#tickets.push(ticket);
    this.#largestBatch = Math.max(this.#largestBatch, rowCount);
    // Batches without a good row must not pile up.
    if (this.rowCount === 0) this.finish();
    return ticket;
  }

  /** What was collected, as blocks under way. Where that fails, those who wait are told. The lane begins anew. */
  finish(): Shipment[] {
    this.stopTimer?.();
    this.stopTimer = undefined;
    const tickets = this.#tickets;
    this.#tickets = [];
    this.#largestBatch = 0;
    try {
      return this.#collector.finish().map((block) => new Shipment(block, tickets));
    } catch (error) {
      for (const ticket of tickets) ticket.fail(error);
      return [];
    }
  }
}
