import type {
  BlockReceipt,
  BlockWriter,
  DeadLetterStore,
  EncodedBlock,
  WriteBlockOptions,
} from '@quantumtrade/dal-domain';
import { ConnectionError, NOT_COUNTED } from '@quantumtrade/dal-domain';
import type { Journal } from '@quantumtrade/dal-journal';
import { JournalError } from '@quantumtrade/dal-journal';
import { Backoff } from '@quantumtrade/dal-runtime';
import { encodeBlock } from './block-format.js';
import type { WriterEventListener } from '../events.js';
import type { RetryOptions } from '../retry.js';
import { codeOf, isRefusal, isRetryable, messageOf } from '../retry.js';
import { RowsRefusedError } from '../rows-refused-error.js';
import type { Timers } from '../timers.js';
import { sleep, untilAborted } from '../timers.js';

/** Whom blocks go to, and how patiently. */
export interface DeliveryParts {
  readonly blocks: BlockWriter;
  readonly deadLetters: DeadLetterStore;
  readonly timers: Timers;
  readonly retry: RetryOptions | undefined;
  readonly emit: WriterEventListener;
}

/** Stores or journals a block. Rejects with the signal's reason when it aborts. */
export type Deliver = (block: EncodedBlock, options: DeliverOptions) => Promise<BlockReceipt>;

export interface DeliverOptions extends WriteBlockOptions {
  readonly signal: AbortSignal;
}

/** Writes a block once; throws the store's error, or the signal's reason as soon as it aborts. */
export function attempt(
  blocks: BlockWriter,
  block: EncodedBlock,
  options: DeliverOptions,
): Promise<BlockReceipt> {
  return untilAborted(
    Promise.resolve().then(() => blocks.write(block, options)),
    options.signal,
  );
}

/** Keeps what the store refused for good. */
export async function bury(
  { deadLetters, timers, emit }: DeliveryParts,
  block: EncodedBlock,
  error: unknown,
): Promise<void> {
  const reason = { code: codeOf(error), message: messageOf(error) };
  await deadLetters.add({ block, reason, at: timers.now() });
  const { record, id: blockId, rowCount } = block;
  emit({ type: 'dead-letter', record, blockId, rowCount, error });
}

/** Stores blocks; tries again, with the same bytes, as long as that may help and as often as the retry options allow. */
export function storing(parts: DeliveryParts): Deliver {
  const mayHelp = isAllowed(parts.retry);
  return (block, options) =>
    persistently(
      parts,
      block,
      options.signal,
      async () => {
        try {
          return await attempt(parts.blocks, block, options);
        } catch (error) {
          throw options.signal.aborted || !isRefusal(error) ? error : await refused(parts, block, error);
        }
      },
      mayHelp,
    );
}

/** Appends blocks to the journal; a full disk is waited for. No row is compared with the store by then. */
export function journaling(parts: DeliveryParts, journal: Journal): Deliver {
  return async (block, { signal }) => {
    try {
      await persistently(
        parts,
        block,
        signal,
        () => journal.append(block.id, encodeBlock(block), { signal }),
        (error) => error instanceof JournalError && error.code === 'DISK_FULL',
      );
      return NOT_COUNTED;
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

/** Whether another attempt may help and is allowed. */
export const isAllowed =
  ({ maxAttempts = Infinity }: RetryOptions = {}) =>
  (error: unknown, attempts: number): boolean =>
    isRetryable(error) && attempts < maxAttempts;

/** Runs until it succeeds or another attempt is of no use; waits in between. Throws the signal's reason when it aborts. */
export async function persistently<T>(
  { timers, retry, emit }: Pick<DeliveryParts, 'timers' | 'retry' | 'emit'>,
  block: EncodedBlock,
  signal: AbortSignal,
  run: () => Promise<T>,
  mayHelp: (error: unknown, attempts: number) => boolean,
): Promise<T> {
  const backoff = new Backoff(retry);
  for (let attempts = 1; ; attempts++) {
    signal.throwIfAborted();
    try {
      return await run();
    } catch (error) {
      if (signal.aborted || !mayHelp(error, attempts)) throw error;
      const delayMs = backoff.next();
      emit({ type: 'retry', record: block.record, blockId: block.id, delayMs, error });
      await sleep(delayMs, timers, signal);
    }
  }
}

/** What the callers of a refused block are told. */
function refused(parts: DeliveryParts, block: EncodedBlock, cause: unknown): Promise<RowsRefusedError> {
  return bury(parts, block, cause).then(
    () => new RowsRefusedError(block, cause),
    (error: unknown) => new RowsRefusedError(block, cause, { error }),
  );
}
