import { dirname } from 'node:path';
import type { FileHandle, FileMode, FileSystem } from './file-system.js';

/** The kernel takes this many buffers in one call. */
const MAX_BUFFERS_PER_WRITE = 1024;

/** Returns an error's code (`ENOSPC`, `ENOENT`…), or undefined. */
export const errorCode = (error: unknown): string | undefined =>
  (error as NodeJS.ErrnoException | undefined)?.code;

/** Returns an operation's outcome, or undefined when it fails because the path does not exist. */
export async function ignoreMissing<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Writes all bytes, continuing after short writes. */
export async function writeFully(
  file: FileHandle,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest = buffers;
  for (let at = position; rest.length > 0;) {
    const written = await file.write(rest.slice(0, MAX_BUFFERS_PER_WRITE), at);
    if (written === 0) throw Object.assign(new Error('The disk wrote nothing'), { code: 'EIO' });
    at += written;
    rest = withoutFirst(rest, written);
  }
}

/** Returns the first bytes of a file, fewer when it ends before. */
export async function readFully(file: FileHandle, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = await file.read(bytes.subarray(filled), filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

/** Opens a file, returns what `use` returns, and closes the file. */
export async function withFile<T>(
  fs: FileSystem,
  path: string,
  mode: FileMode,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await fs.open(path, mode);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Creates a file with the bytes and makes its content durable. Fails with `EEXIST` when the path exists. */
export function createFile(fs: FileSystem, path: string, buffers: readonly Uint8Array[]): Promise<void> {
  return withFile(fs, path, 'create', async (file) => {
    await writeFully(file, buffers, 0);
    await file.sync();
  });
}

/** Replaces a file durably. After a crash it has the old or the new content, never a part. Uses the path with `.tmp`. */
export async function replaceFile(
  fs: FileSystem,
  path: string,
  buffers: readonly Uint8Array[],
): Promise<void> {
  const temporary = `${path}.tmp`;
  // A new file each time: after a failed sync a file cannot be trusted.
  await ignoreMissing(fs.unlink(temporary));
  await createFile(fs, temporary, buffers);
  await fs.rename(temporary, path);
  await fs.syncDirectory(dirname(path));
}

function withoutFirst(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  let i = 0;
  while (i < buffers.length && skip >= buffers[i]!.length) skip -= buffers[i++]!.length;
  const rest = buffers.slice(i);
  if (skip > 0) rest[0] = rest[0]!.subarray(skip);
  return rest;
}
