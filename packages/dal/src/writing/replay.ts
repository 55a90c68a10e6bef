import type { BlockWriter, CallOptions, DeadLetterStore } from '@quantumtrade/dal-domain';
import { isRefusal, messageOf } from './retry.js';

/** What became of a dead letter that was written again. */
export interface ReplayResult {
  readonly id: string;
  readonly outcome: 'stored' | 'refused' | 'missing';
  /** Why it was refused again. */
  readonly reason?: string;
}

/**
 * Writes dead letters again, under their blocks' ids, and removes those that the store takes now. What it refuses again
 * stays. Throws what has nothing to do with a block, such as a lost connection; the letters not reached stay too.
 */
export async function replayDeadLetters(
  deadLetters: DeadLetterStore,
  blocks: BlockWriter,
  ids: readonly string[],
  options?: CallOptions,
): Promise<ReplayResult[]> {
  const results: ReplayResult[] = [];
  for (const id of ids) {
    const letter = await deadLetters.get(id);
    if (!letter) {
      results.push({ id, outcome: 'missing' });
      continue;
    }
    try {
      await blocks.write(letter.block, options);
    } catch (error) {
      options?.signal?.throwIfAborted();
      if (!isRefusal(error)) throw error;
      results.push({ id, outcome: 'refused', reason: messageOf(error) });
      continue;
    }
    await deadLetters.remove(id);
    results.push({ id, outcome: 'stored' });
  }
  return results;
}
