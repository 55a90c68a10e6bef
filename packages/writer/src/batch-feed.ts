import type { RowError } from '@quantumtrade/dal-domain';
import type { Ticket, WriteReceipt } from './buffers/pending-write.js';

/** Errors that a feed's receipt has at most; `failedCount` counts all. */
const KEPT_ERRORS = 1_000;

/** What became of a feed's batches. */
export interface FeedReceipt extends WriteReceipt {
  readonly batchCount: number;
  /** The first 1,000; `batch` is the batch's position in the feed. */
  readonly errors: (RowError & { batch: number })[];
}

/** One batch after the other, with as many under way as the writer has room for. The first failure ends the feed. */
export class Feed<Batch> {
  readonly #take: (batch: Batch) => Promise<Ticket>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #receipt: { -readonly [K in keyof FeedReceipt]: FeedReceipt[K] };
  #failure: { error: unknown } | undefined;

  constructor(durability: FeedReceipt['durability'], take: (batch: Batch) => Promise<Ticket>) {
    this.#take = take;
    this.#receipt = {
      batchCount: 0,
      acceptedCount: 0,
      failedCount: 0,
      supersededCount: 0,
      roundedCount: 0,
      errors: [],
      durability,
    };
  }

  /** Resolves when the batch's rows are taken. */
  async add(batch: Batch): Promise<void> {
    this.#throwFailure();
    const position = this.#receipt.batchCount++;
    const { outcome } = await this.#take(batch);
    const counted = outcome.then(
      (receipt) => this.#count(receipt, position),
      (error: unknown) => void (this.#failure ??= { error }),
    );
    this.#underWay.add(counted);
    void counted.then(() => this.#underWay.delete(counted));
  }

  /** Resolves when all batches are settled. */
  async end(): Promise<FeedReceipt> {
    await Promise.all(this.#underWay);
    this.#throwFailure();
    return this.#receipt;
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #count(
    { acceptedCount, failedCount, supersededCount, roundedCount, errors }: WriteReceipt,
    batch: number,
  ): void {
    const receipt = this.#receipt;
    if (supersededCount === null) receipt.supersededCount = null;
    else if (receipt.supersededCount !== null) receipt.supersededCount += supersededCount;
    receipt.acceptedCount += acceptedCount;
    receipt.failedCount += failedCount;
    receipt.roundedCount += roundedCount;
    for (const error of errors.slice(0, KEPT_ERRORS - receipt.errors.length)) {
      receipt.errors.push({ ...error, batch });
    }
  }
}
