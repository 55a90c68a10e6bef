import { join } from 'node:path';
import {
  ignoreMissing,
  withFile,
  writeFully,
  type FileHandle,
  type FileSystem,
} from '@quantumtrade/dal-runtime/fs';
import type { ByteRange } from '../format/scan.js';
import { isZero } from '../format/zeros.js';

const PIECE_BYTES = 1024 * 1024;

/** Folder in a journal's directory for ranges and records that cannot be delivered. */
export const QUARANTINE = 'quarantine';

interface JournalDirectory {
  readonly fs: FileSystem;
  readonly directory: string;
}

/** Copies a range of a segment to `quarantine/<segment>-<start>-<end>`, durably. Returns the copy's path. */
export function copyRange(
  journal: JournalDirectory,
  segment: string,
  from: FileHandle,
  { start, end }: ByteRange,
): Promise<string> {
  return createInQuarantine(journal, `${segment}-${start}-${end}`, async (to) => {
    for (let at = start; at < end;) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at));
      const count = await from.read(piece, at);
      if (count === 0) break;
      const bytes = piece.subarray(0, count);
      // Holes stay holes: the copy of a sparse file takes no more disk space than the file.
      if (!isZero(bytes)) await writeFully(to, [bytes], at - start);
      at += count;
    }
    await to.truncate(end - start);
  });
}

/** Writes the payload of a record to `quarantine/record-<position>`, durably. Returns the file's path. */
export const copyRecord = (
  journal: JournalDirectory,
  { position, payload }: { readonly position: number; readonly payload: Uint8Array },
): Promise<string> => createInQuarantine(journal, `record-${position}`, (to) => writeFully(to, [payload], 0));

async function createInQuarantine(
  { fs, directory }: JournalDirectory,
  name: string,
  write: (to: FileHandle) => Promise<void>,
): Promise<string> {
  const folder = join(directory, QUARANTINE);
  await fs.makeDirectory(folder);
  const path = join(folder, name);
  await ignoreMissing(fs.unlink(path));
  await withFile(fs, path, 'create', async (file) => {
    await write(file);
    await file.sync();
  });
  await fs.syncDirectory(folder);
  return path;
}
