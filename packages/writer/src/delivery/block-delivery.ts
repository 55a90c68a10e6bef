import type {
  BlockReceipt,
  BlockWriter,
  DeadLetterStore,
  EncodedBlock,
  WriteBlockOptions,
} from '@quantumtrade/dal-domain';
import { ConnectionError, isDatabaseError, JOURNALED } from '@quantumtrade/dal-domain';
import type { Journal } from '@quantumtrade/dal-journal';
import { JournalError } from '@quantumtrade/dal-journal';
import type { Clock, TimeSource } from '@quantumtrade/dal-runtime';
import { Backoff, Deadline, sleep } from '@quantumtrade/dal-runtime';
import type { BatchWriterEventListener } from '../batch-writer-events.js';
import { RowsRefusedError } from '../errors.js';
import type { RetryOptions } from '../retry.js';
import { isPermanent, mayRetry, messageOf } from '../retry.js';
import { encodeBlock } from './block-format.js';

/** Store, dead letters, clock and retry limits of a delivery. */
export interface DeliveryParts {
  readonly blocks: BlockWriter;
  readonly deadLetters: DeadLetterStore;
  readonly clock: Clock;
  readonly retry: RetryOptions | undefined;
  readonly emit: BatchWriterEventListener;
}

/** Stores or journals a block. Rejects with the signal's reason when it aborts. */
export type Deliver = (block: EncodedBlock, options: DeliverOptions) => Promise<BlockReceipt>;

export interface DeliverOptions extends WriteBlockOptions {
  readonly signal: AbortSignal;
}

/**
 * Writes a block once, after the current call. Rejects with the store's error, or immediately with the signal's reason when it
 * aborts.
 */
export const attemptWrite = (
  blocks: BlockWriter,
  block: EncodedBlock,
  options: DeliverOptions,
): Promise<BlockReceipt> => {
  const written = Promise.resolve().then(() => blocks.write(block, options));
  return new Deadline({ signal: options.signal }).race(written);
};

/** Keeps a block that the store refused for good. */
export async function moveToDeadLetters(
  { deadLetters, clock, emit }: Pick<DeliveryParts, 'deadLetters' | 'emit'> & { readonly clock: TimeSource },
  block: EncodedBlock,
  error: unknown,
): Promise<void> {
  const code = isDatabaseError(error) ? error.code : ((error as Error | undefined)?.name ?? 'UNKNOWN');
  await deadLetters.add({ block, reason: { code, message: messageOf(error) }, at: clock.now() });
  const { record, id: blockId, rowCount } = block;
  emit({ type: 'dead-letter-added', record, blockId, rowCount, error });
}

/** Returns a delivery to the store. It sends a block again, the same bytes, while that may help and is allowed. */
export function storeDelivery(parts: DeliveryParts): Deliver {
  const shouldRetry = mayRetry(parts.retry);
  async function store(block: EncodedBlock, options: DeliverOptions): Promise<BlockReceipt> {
    try {
      return await attemptWrite(parts.blocks, block, options);
    } catch (error) {
      if (options.signal.aborted || !isPermanent(error)) throw error;
      const loss = await moveToDeadLetters(parts, block, error).then(
        () => undefined,
        (failure: unknown) => ({ error: failure }),
      );
      throw new RowsRefusedError(block, error, loss);
    }
  }
  return (block, options) =>
    withRetries(parts, block, options.signal, () => store(block, options), shouldRetry);
}

/** Notes of a block in the journal; blocks of earlier versions have none. */
export interface JournalNotes {
  /** When the block was given to the journal (epoch milliseconds). */
  readonly at?: number;
}

/** Returns a delivery to the journal, which waits while the disk is full. The rows are not compared with the store. */
export function journalDelivery(parts: DeliveryParts, journal: Journal): Deliver {
  const isDiskFull = (error: unknown) => error instanceof JournalError && error.code === 'DISK_FULL';
  return async (block, { signal }) => {
    const notes: JournalNotes = { at: parts.clock.now() };
    const append = () => journal.append(block.id, encodeBlock(block, notes), { signal });
    try {
      await withRetries(parts, block, signal, append, isDiskFull);
      return JOURNALED;
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      throw new ConnectionError(`the journal did not take the rows: ${error.message}`, {
        operation: `${block.record}.write`,
        retryable: error.code === 'IO',
        cause: error,
      });
    }
  };
}

/** Repeats work until it succeeds or should not be retried, with delays. Rejects with the signal's reason when it aborts. */
export async function withRetries<T>(
  { clock, retry, emit }: Pick<DeliveryParts, 'clock' | 'retry' | 'emit'>,
  { record, id: blockId }: EncodedBlock,
  signal: AbortSignal,
  work: () => Promise<T>,
  shouldRetry: (error: unknown, attempts: number) => boolean,
): Promise<T> {
  const backoff = new Backoff(retry);
  for (let attempts = 1; ; attempts++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !shouldRetry(error, attempts)) throw error;
      const delayMs = backoff.next();
      emit({ type: 'retry-scheduled', record, blockId, delayMs, error });
      await sleep(delayMs, clock, signal);
    }
  }
}
