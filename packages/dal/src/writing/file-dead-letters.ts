import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DeadLetterReason, DeadLetterStore, DeadLetterSummary } from '@quantumtrade/dal-domain';
import { ConnectionError, isDatabaseError, QueryError } from '@quantumtrade/dal-domain';
import type { JournalFile, JournalFs } from '@quantumtrade/dal-journal';
import { nodeFs } from '@quantumtrade/dal-journal';
import { decodeBlock, encodeBlock, readHeader } from './block-format.js';
import { messageOf } from './retry.js';

interface Notes {
  readonly reason: DeadLetterReason;
  readonly at: number;
}

const SUFFIX = '.letter';
/** Enough for every header: the longest part is the reason's message. */
const HEADER_BYTES = 64 * 1024;
const LONGEST_MESSAGE = 4_096;

/**
 * Dead letters as files of a directory, one a letter, in no need of a lock: a letter is written to a temporary file,
 * synced, renamed, and the directory synced. A damaged letter fails the call with `QueryError`, which names its file.
 */
export function fileDeadLetters(directory: string, fs: JournalFs = nodeFs): DeadLetterStore {
  const pathOf = (id: string) =>
    join(directory, `${createHash('sha256').update(id).digest('hex').slice(0, 32)}${SUFFIX}`);

  async function names(): Promise<string[]> {
    return ((await unlessMissing(fs.list(directory))) ?? []).filter((name) => name.endsWith(SUFFIX));
  }

  /** Undefined where there is no such file. */
  async function read<T>(
    path: string,
    limit: number,
    parse: (bytes: Uint8Array) => T,
  ): Promise<T | undefined> {
    const file = await unlessMissing(fs.open(path, 'read'));
    if (!file) return undefined;
    try {
      const bytes = new Uint8Array(Math.min(limit, await file.size()));
      return parse(bytes.subarray(0, await fill(file, bytes)));
    } catch (error) {
      const reason = `the dead letter ${path} cannot be read: ${messageOf(error)}`;
      throw new QueryError('dead letters', reason, { operation: 'deadLetters.read', cause: error });
    } finally {
      await file.close();
    }
  }

  return {
    add: ({ block, reason, at }) =>
      onDisk('add', async () => {
        await fs.makeDirectory(directory);
        const temporary = join(directory, `${randomUUID()}.tmp`);
        const notes: Notes = { reason: { ...reason, message: reason.message.slice(0, LONGEST_MESSAGE) }, at };
        try {
          await writeDurably(fs, temporary, Buffer.concat(encodeBlock(block, notes)));
          await fs.rename(temporary, pathOf(block.id));
        } catch (error) {
          await fs.unlink(temporary).catch(() => undefined);
          throw error;
        }
        await fs.syncDirectory(directory);
      }),

    list: () =>
      onDisk('list', async () => {
        const summaries: DeadLetterSummary[] = [];
        for (const name of await names()) {
          const found = await read(join(directory, name), HEADER_BYTES, (bytes) => readHeader<Notes>(bytes));
          if (!found) continue;
          const { id, record, rowCount, byteLength, reason, at } = found.header;
          summaries.push({ id, record, rowCount, byteLength, reason, at });
        }
        return summaries.sort((a, b) => a.at - b.at);
      }),

    get: (id) =>
      onDisk('get', async () => {
        const found = await read(pathOf(id), Infinity, (bytes) => decodeBlock<Notes>(bytes));
        if (!found) return null;
        const { notes, ...block } = found;
        return { block, reason: notes.reason, at: notes.at };
      }),

    remove: (id) =>
      onDisk('remove', async () => {
        const removed = await unlessMissing(fs.unlink(pathOf(id)).then(() => true));
        if (removed) await fs.syncDirectory(directory);
        return removed ?? false;
      }),
  };
}

/** A failure of the disk as an error of the data layer. */
async function onDisk<T>(name: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isDatabaseError(error)) throw error;
    const what = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    const details = { operation: `deadLetters.${name}`, cause: error };
    throw new ConnectionError(`the directory of the dead letters: ${what}`, details);
  }
}

async function unlessMissing<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function fill(file: JournalFile, bytes: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const count = await file.read(bytes.subarray(filled), filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

async function writeDurably(fs: JournalFs, path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(path, 'create');
  try {
    for (let written = 0; written < bytes.length;) {
      written += await file.write([bytes.subarray(written)], written);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
