import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type {
  DamagedDeadLetter,
  DeadLetterReason,
  DeadLetterStore,
  DeadLetterSummary,
} from '@quantumtrade/dal-domain';
import { ConnectionError, isDatabaseError, QueryError } from '@quantumtrade/dal-domain';
import { type FileHandle, type FileSystem, nodeFileSystem, writeFully } from '@quantumtrade/dal-runtime/fs';
import type { BlockHeader } from '../delivery/block-format.js';
import { decodeBlock, encodeBlock, readHeader } from '../delivery/block-format.js';
import { messageOf } from '../retry.js';

interface Notes {
  readonly reason: DeadLetterReason;
  readonly at: number;
}

const SUFFIX = '.letter';
const TEMPORARY = '.tmp';
/** Enough for every header: the longest part is the reason's message. */
const HEADER_BYTES = 64 * 1024;
const LONGEST_MESSAGE = 4_096;
/** No letter is longer: a journal's records are not, either. */
const MAX_BYTES = 2 ** 30;

/**
 * Dead letters as files of a directory, one a letter, in no need of a lock: a letter is written to a temporary file,
 * synced, renamed, and the directory synced. A damaged letter fails `get` alone, with `QueryError`, which names its file; `list`
 * has it, and whatever else stands in the directory, as damaged. Nothing is read further than its header says and its length
 * allows.
 */
export function fileDeadLetters(directory: string, fs: FileSystem = nodeFileSystem): DeadLetterStore {
  const nameOf = (id: string) => `${createHash('sha256').update(id).digest('hex').slice(0, 32)}${SUFFIX}`;
  /** The file of the letter with this id, or else the damaged file of this name. */
  const namesFor = (id: string) => (isFileName(id) ? [nameOf(id), id] : [nameOf(id)]);

  /** What `read` makes of a file and its length; undefined where there is no such file. */
  async function reading<T>(
    name: string,
    read: (file: FileHandle, size: number) => Promise<T>,
  ): Promise<T | undefined> {
    const path = join(directory, name);
    try {
      const file = await unlessMissing(fs.open(path, 'read'));
      if (!file) return undefined;
      try {
        return await read(file, await file.size());
      } finally {
        await file.close();
      }
    } catch (error) {
      const reason = `the dead letter ${path} cannot be read: ${messageOf(error)}`;
      throw new QueryError('dead letters', reason, { operation: 'deadLetters.read', cause: error });
    }
  }

  async function summaryOf(name: string): Promise<DeadLetterSummary | DamagedDeadLetter | undefined> {
    try {
      const header = await reading(name, headerOf);
      if (!header) return undefined;
      const { id, record, rowCount, byteLength, reason, at } = header;
      if (nameOf(id) !== name)
        throw new Error(`the file ${join(directory, name)} is not named for its letter, ${id}`);
      return { id, record, rowCount, byteLength, reason, at };
    } catch (error) {
      return { damaged: true, id: name, reason: { code: 'DAMAGED', message: messageOf(error) } };
    }
  }

  return {
    add: ({ block, reason, at }) =>
      onDisk('add', directory, async () => {
        await fs.makeDirectory(directory);
        const temporary = join(directory, `${randomUUID()}${TEMPORARY}`);
        const notes: Notes = { reason: { ...reason, message: reason.message.slice(0, LONGEST_MESSAGE) }, at };
        try {
          await writeDurably(fs, temporary, encodeBlock(block, notes));
          await fs.rename(temporary, join(directory, nameOf(block.id)));
        } catch (error) {
          await fs.unlink(temporary).catch(() => undefined);
          throw error;
        }
        await fs.syncDirectory(directory);
      }),

    list: () =>
      onDisk('list', directory, async () => {
        const names = (await unlessMissing(fs.list(directory))) ?? [];
        await fs.restrictAccess(directory);
        const letters: DeadLetterSummary[] = [];
        const damaged: DamagedDeadLetter[] = [];
        for (const name of names.filter((each) => !each.endsWith(TEMPORARY)).sort()) {
          if (name.endsWith(SUFFIX)) await fs.restrictAccess(join(directory, name));
          const found = await summaryOf(name);
          if (found?.damaged) damaged.push(found);
          else if (found) letters.push(found);
        }
        return [...letters.sort((a, b) => a.at - b.at), ...damaged];
      }),

    get: (id) =>
      onDisk('get', directory, async () => {
        for (const name of namesFor(id)) {
          const found = await reading(name, blockOf);
          if (!found) continue;
          const { notes, ...block } = found;
          return { block, reason: notes.reason, at: notes.at };
        }
        return null;
      }),

    remove: (id) =>
      onDisk('remove', directory, async () => {
        for (const name of namesFor(id)) {
          if (!(await unlessMissing(fs.unlink(join(directory, name)).then(() => true)))) continue;
          await fs.syncDirectory(directory);
          return true;
        }
        return false;
      }),
  };
}

/** No path that leads out of the directory. */
const isFileName = (id: string): boolean => /^[^/\\]+$/.test(id) && id !== '.' && id !== '..';

/** The header of a letter whose length is the one that the header says. */
async function headerOf(file: FileHandle, size: number): Promise<BlockHeader & Notes> {
  const { header, byteLength } = readHeader<Notes>(await bytesOf(file, Math.min(size, HEADER_BYTES)));
  if (byteLength !== size) throw new Error(`it has ${size} bytes in place of ${byteLength}`);
  const { reason, at } = header;
  if (typeof at !== 'number' || typeof reason?.code !== 'string' || typeof reason.message !== 'string') {
    throw new Error('its header has no reason');
  }
  return header;
}

async function blockOf(file: FileHandle, size: number) {
  await headerOf(file, size);
  if (size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
  return decodeBlock<Notes>(await bytesOf(file, size));
}

/** A failure of the disk as an error of the data layer. */
async function onDisk<T>(name: string, directory: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isDatabaseError(error)) throw error;
    const what = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    const details = { operation: `deadLetters.${name}`, cause: error };
    throw new ConnectionError(`the directory of the dead letters, ${directory}: ${what}`, details);
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

/** The first bytes of a file, fewer where it ends before. */
async function bytesOf(file: FileHandle, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = await file.read(bytes.subarray(filled), filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

async function writeDurably(fs: FileSystem, path: string, buffers: readonly Uint8Array[]): Promise<void> {
  const file = await fs.open(path, 'create');
  try {
    await writeFully(file, buffers, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}
