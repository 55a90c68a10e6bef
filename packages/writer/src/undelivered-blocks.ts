import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EncodedBlock } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { readJournal } from '@quantumtrade/dal-journal';
import type { JournalNotes } from './delivery/block-delivery.js';
import { decodeBlock } from './delivery/block-format.js';
import { hasSegments, JOURNAL, TRANSACTIONS } from './journal-directory.js';
import { messageOf } from './retry.js';
import { decodeTransaction } from './transactions/transaction-record.js';

const OPERATION = 'writer.undelivered';

/**
 * Yields the blocks in a writer's directory that were acknowledged and possibly not stored: those of its journal and of
 * committed transactions, each with the time of its acknowledgement. Nothing is changed, and the writer may be running.
 * @throws ConnectionError when the directory cannot be read or something in it is damaged
 */
export async function* undeliveredBlocks(directory: string): AsyncGenerator<EncodedBlock, void> {
  try {
    // A directory that does not exist is not taken for one without blocks.
    await readdir(directory);
    for await (const { payload } of recordsOf(join(directory, JOURNAL))) {
      const { notes, ...block } = decodeBlock<JournalNotes>(payload);
      yield notes.at === undefined ? block : { ...block, acknowledgedAt: notes.at };
    }
    for await (const { payload } of recordsOf(join(directory, TRANSACTIONS))) {
      const { at, blocks } = decodeTransaction(payload);
      for (const block of blocks) yield { ...block, acknowledgedAt: at };
    }
  } catch (cause) {
    throw new ConnectionError(messageOf(cause), { operation: OPERATION, retryable: false, cause });
  }
}

async function* recordsOf(directory: string) {
  if (await hasSegments(directory, OPERATION)) yield* readJournal(directory);
}
