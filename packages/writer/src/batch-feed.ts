import type { RowError } from '@quantumtrade/dal-domain';
import { joinWriteTokens } from '@quantumtrade/dal-domain';
import type { PendingWrite, WriteReceipt } from './buffers/pending-write.js';

/** Most errors in a feed's receipt; `failedCount` counts all. */
const MAX_ERRORS = 1_000;
/** Tokens of blocks that are kept before they are joined. */
const MAX_TOKENS = 100;

/** Result of the batches of a feed. */
export interface FeedReceipt extends WriteReceipt {
  readonly batchCount: number;
  /** The first 1,000 errors; `batch` is the position of the batch in the feed. */
  readonly errors: (RowError & { batch: number })[];
}

/** Writes batches one after the other, without waiting until they are stored. The first failure ends the feed. */
export class BatchFeed<Batch> {
  readonly #accept: (batch: Batch) => Promise<PendingWrite>;
  readonly #pending = new Set<Promise<void>>();
  readonly #receipt: { -readonly [K in keyof FeedReceipt]: FeedReceipt[K] };
  #writeTokens = new Set<string | null>();
  #failure: { readonly error: unknown } | undefined;

  constructor(durability: FeedReceipt['durability'], accept: (batch: Batch) => Promise<PendingWrite>) {
    this.#accept = accept;
    this.#receipt = {
      batchCount: 0,
      acceptedCount: 0,
      failedCount: 0,
      supersededCount: 0,
      roundedCount: 0,
      errors: [],
      durability,
      writeToken: null,
    };
  }

  /** Resolves when the batch's rows are in the buffer. */
  async add(batch: Batch): Promise<void> {
    this.#throwFailure();
    const position = this.#receipt.batchCount++;
    const { outcome } = await this.#accept(batch);
    const counted = outcome.then(
      (receipt) => this.#count(receipt, position),
      (error: unknown) => void (this.#failure ??= { error }),
    );
    this.#pending.add(counted);
    void counted.then(() => this.#pending.delete(counted));
  }

  /** Resolves when all batches are settled. */
  async end(): Promise<FeedReceipt> {
    await Promise.all(this.#pending);
    this.#throwFailure();
    return { ...this.#receipt, writeToken: this.#writeToken() };
  }

  #writeToken(): string | null {
    return joinWriteTokens([...this.#writeTokens]);
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #count(given: WriteReceipt, batch: number): void {
    const receipt = this.#receipt;
    receipt.acceptedCount += given.acceptedCount;
    receipt.failedCount += given.failedCount;
    receipt.roundedCount += given.roundedCount;
    this.#writeTokens.add(given.writeToken);
    if (this.#writeTokens.size > MAX_TOKENS) this.#writeTokens = new Set([this.#writeToken()]);
    if (given.supersededCount === null) receipt.supersededCount = null;
    else if (receipt.supersededCount !== null) receipt.supersededCount += given.supersededCount;
    for (const error of given.errors.slice(0, MAX_ERRORS - receipt.errors.length)) {
      receipt.errors.push({ ...error, batch });
    }
  }
}
