import type {
  BlockReceipt,
  BlockWriter,
  CallOptions,
  DeadLetter,
  DeadLetterStore,
  EncodedBlock,
} from '@quantumtrade/dal-domain';
import { isAllowed, persistently } from '../delivery/delivery.js';
import type { RetryOptions } from '../retry.js';
import { checkCall, ValidationError } from '@quantumtrade/dal-domain';
import { isRefusal, messageOf } from '../retry.js';
import { systemTimers, watchCall } from '../timers.js';

/** What became of a dead letter that was written again. */
export interface ReplayResult {
  readonly id: string;
  /** `damaged`: the letter cannot be read; it stays. */
  readonly outcome: 'stored' | 'refused' | 'missing' | 'damaged';
  /** Rows that lost to a newer version, of a letter that is stored now. */
  readonly supersededCount?: number;
  /** Why it was refused again or cannot be read. */
  readonly reason?: string;
}

/**
 * Writes dead letters again, under their blocks' ids, and removes those that the store takes now. What it refuses again
 * stays. Throws what has nothing to do with a block, such as a lost connection; the letters not reached stay too.
 * @param retry attempts of one letter are one, unless it says otherwise
 */
export async function replayDeadLetters(
  deadLetters: DeadLetterStore,
  blocks: BlockWriter,
  ids: readonly string[],
  options: CallOptions = {},
  retry?: RetryOptions,
): Promise<ReplayResult[]> {
  const write = writingWithin(options, blocks, { maxAttempts: 1, ...retry });
  if (!Array.isArray(ids) || ids.some((id) => typeof id !== 'string')) {
    throw new ValidationError('ids', 'must be a list of strings', { operation: 'deadLetters.replay' });
  }
  checkCall(options, 'deadLetters.replay');
  const results: ReplayResult[] = [];
  for (const id of ids) results.push(await replay(id));
  return results;

  async function replay(id: string): Promise<ReplayResult> {
    let letter: DeadLetter | null;
    try {
      letter = await deadLetters.get(id);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { id, outcome: 'damaged', reason: messageOf(error) };
    }
    if (!letter) return { id, outcome: 'missing' };
    let superseded: BlockReceipt['superseded'];
    try {
      ({ superseded } = await write(letter.block));
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isRefusal(error)) throw error;
      return { id, outcome: 'refused', reason: messageOf(error) };
    }
    await deadLetters.remove(id);
    return { id, outcome: 'stored', supersededCount: superseded?.length ?? 0 };
  }
}

/** Writes a block, repeatedly if need be, within the limits of the call. */
function writingWithin(options: CallOptions, blocks: BlockWriter, retry: RetryOptions) {
  const parts = { timers: systemTimers, retry, emit: () => undefined };
  return async (block: EncodedBlock): Promise<BlockReceipt> => {
    const limits = new AbortController();
    const stop = watchCall(options, systemTimers, 'deadLetters.replay', (reason) => limits.abort(reason));
    try {
      return await persistently(
        parts,
        block,
        limits.signal,
        () => blocks.write(block, { ...options, findSuperseded: true }),
        isAllowed(retry),
      );
    } finally {
      stop();
    }
  };
}
