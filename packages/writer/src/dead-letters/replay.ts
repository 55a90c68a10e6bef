import type {
  BlockReceipt,
  BlockWriter,
  CallOptions,
  DeadLetter,
  DeadLetterStore,
  EncodedBlock,
} from '@quantumtrade/dal-domain';
import { checkCall, TimeoutError, ValidationError } from '@quantumtrade/dal-domain';
import { Deadline, systemClock } from '@quantumtrade/dal-runtime';
import { withRetries } from '../delivery/block-delivery.js';
import type { RetryOptions } from '../retry.js';
import { isPermanent, mayRetry, messageOf } from '../retry.js';

/** Result of writing a dead letter again. */
export interface ReplayResult {
  readonly id: string;
  /** `damaged`: the letter cannot be read; it stays. */
  readonly outcome: 'stored' | 'refused' | 'missing' | 'damaged';
  /** Rows that lost to a newer version, of a letter that is stored now. */
  readonly supersededCount?: number;
  /** Reason why the block was refused again or the letter cannot be read. */
  readonly reason?: string;
}

const OPERATION = 'deadLetters.replay';

/**
 * Writes dead letters again, under the ids of their blocks, and removes those that the store accepts now. A letter that is
 * refused again stays. An error that is not about a block, such as a lost connection, is thrown; the remaining letters stay.
 * @param retry - limits and delays of the attempts; `maxAttempts` is 1 unless given
 */
export async function replayDeadLetters(
  deadLetters: DeadLetterStore,
  blocks: BlockWriter,
  ids: readonly string[],
  options: CallOptions = {},
  retry?: RetryOptions,
): Promise<ReplayResult[]> {
  if (!Array.isArray(ids) || ids.some((id) => typeof id !== 'string')) {
    throw new ValidationError('ids', 'must be a list of strings', { operation: OPERATION });
  }
  checkCall(options, OPERATION);
  const results: ReplayResult[] = [];
  for (const id of ids) results.push(await replay(id));
  return results;

  async function replay(id: string): Promise<ReplayResult> {
    let letter: DeadLetter | null;
    try {
      letter = await deadLetters.get(id);
    } catch (error) {
      if (!isPermanent(error)) throw error;
      return { id, outcome: 'damaged', reason: messageOf(error) };
    }
    if (!letter) return { id, outcome: 'missing' };
    let superseded: BlockReceipt['superseded'];
    try {
      ({ superseded } = await write(letter.block));
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isPermanent(error)) throw error;
      return { id, outcome: 'refused', reason: messageOf(error) };
    }
    await deadLetters.remove(id);
    return { id, outcome: 'stored', supersededCount: superseded?.length ?? 0 };
  }

  /** Writes a block within the limits of the call, repeatedly if the options allow it. */
  async function write(block: EncodedBlock): Promise<BlockReceipt> {
    const limits = new Deadline(options, (ms) => new TimeoutError(ms, { operation: OPERATION }));
    const attempts = { maxAttempts: 1, ...retry };
    const parts = { clock: systemClock, retry: attempts, emit: () => undefined };
    const attempt = () => blocks.write(block, { ...options, findSuperseded: true });
    try {
      return await withRetries(parts, block, limits.signal, attempt, mayRetry(attempts));
    } finally {
      limits.end();
    }
  }
}
