import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type {
  DamagedDeadLetter,
  DeadLetterReason,
  DeadLetterStore,
  DeadLetterSummary,
} from '@quantumtrade/dal-domain';
import { ConnectionError, isDatabaseError, QueryError } from '@quantumtrade/dal-domain';
import type { FileHandle, FileSystem } from '@quantumtrade/dal-runtime/fs';
import {
  createFile,
  errorCode,
  ignoreMissing,
  nodeFileSystem,
  readFully,
} from '@quantumtrade/dal-runtime/fs';
import type { BlockHeader } from '../delivery/block-format.js';
import { decodeBlock, encodeBlock, readHeader } from '../delivery/block-format.js';
import { messageOf } from '../retry.js';

interface Notes {
  readonly reason: DeadLetterReason;
  readonly at: number;
}

const SUFFIX = '.letter';
const TEMPORARY = '.tmp';
/** More than any header has: its longest part is the reason's message. */
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_MESSAGE_LENGTH = 4_096;
/** The limit of a journal's records as well. */
const MAX_BYTES = 2 ** 30;

/**
 * Returns a store of dead letters in a directory, one file a letter. It needs no lock: a letter is written to a temporary
 * file, synced and renamed, then the directory is synced. A damaged letter fails only its own `get`, with a `QueryError` that
 * names the file; `list` returns it, and any other file of the directory, as damaged. No file is read beyond the length in
 * its header.
 */
export function fileDeadLetters(directory: string, fs: FileSystem = nodeFileSystem): DeadLetterStore {
  const nameOf = (id: string) => `${createHash('sha256').update(id).digest('hex').slice(0, 32)}${SUFFIX}`;
  /** Returns the names of files to look for: that of the letter with this id, then the damaged file of this name. */
  const namesFor = (id: string) => (isFileName(id) ? [nameOf(id), id] : [nameOf(id)]);

  /** Returns the result of `read`, given the file and its length, or undefined when there is no such file. */
  async function readFile<T>(
    name: string,
    read: (file: FileHandle, size: number) => Promise<T>,
  ): Promise<T | undefined> {
    const path = join(directory, name);
    try {
      const file = await ignoreMissing(fs.open(path, 'read'));
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
      const header = await readFile(name, headerOf);
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
        const notes: Notes = {
          reason: { ...reason, message: reason.message.slice(0, MAX_MESSAGE_LENGTH) },
          at,
        };
        try {
          await createFile(fs, temporary, encodeBlock(block, notes));
          await fs.rename(temporary, join(directory, nameOf(block.id)));
        } catch (error) {
          await fs.unlink(temporary).catch(() => undefined);
          throw error;
        }
        await fs.syncDirectory(directory);
      }),

    list: () =>
      onDisk('list', directory, async () => {
        const names = (await ignoreMissing(fs.list(directory))) ?? [];
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
          const found = await readFile(name, blockOf);
          if (!found) continue;
          const { notes, ...block } = found;
          return { block, reason: notes.reason, at: notes.at };
        }
        return null;
      }),

    remove: (id) =>
      onDisk('remove', directory, async () => {
        for (const name of namesFor(id)) {
          if (!(await ignoreMissing(fs.unlink(join(directory, name)).then(() => true)))) continue;
          await fs.syncDirectory(directory);
          return true;
        }
        return false;
      }),
  };
}

/** Returns whether an id is a file name and not a path that leads out of the directory. */
const isFileName = (id: string): boolean => /^[^/\\]+$/.test(id) && id !== '.' && id !== '..';

/** Returns the header of a letter. Throws when the file has another length than the header says. */
async function headerOf(file: FileHandle, size: number): Promise<BlockHeader & Notes> {
  const { header, byteLength } = readHeader<Notes>(await readFully(file, Math.min(size, MAX_HEADER_BYTES)));
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
  return decodeBlock<Notes>(await readFully(file, size));
}

/** Runs a disk operation. A failure becomes an error of the data layer. */
async function onDisk<T>(name: string, directory: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isDatabaseError(error)) throw error;
    const what = errorCode(error) ?? messageOf(error);
    const details = { operation: `deadLetters.${name}`, cause: error };
    throw new ConnectionError(`the directory of the dead letters, ${directory}: ${what}`, details);
  }
}
