import { join } from 'node:path';
import { ignoreMissing, type FileHandle, type FileSystem, writeFully } from '@quantumtrade/dal-runtime/fs';
import type { ByteRange } from '../format/scan.js';
import { isZero } from '../format/zeros.js';

const pieceBytes = 1024 * 1024;

/** Name of the folder, in a journal's directory, for what cannot be delivered. */
export const QUARANTINE = 'quarantine';

/** The directory of a journal. */
interface Place {
  readonly fs: FileSystem;
  readonly directory: string;
}

/** Copies a range of a segment to `quarantine/<segment>-<start>-<end>`, durably. Returns the copy's path. */
export function copyRange(
  place: Place,
  segment: string,
  from: FileHandle,
  { start, end }: ByteRange,
): Promise<string> {
  return createFile(place, `${segment}-${start}-${end}`, async (to) => {
    for (let at = start; at < end;) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, end - at));
      const count = await from.read(piece, at);
      if (count === 0) break;
      const found = piece.subarray(0, count);
      // A hole stays one: the copy of a sparse file takes no more of the disk than the file did.
      if (!isZero(found)) await writeFully(to, [found], at - start);
      at += count;
    }
    await to.truncate(end - start);
  });
}

/** Writes the payload of a record to `quarantine/record-<position>`, durably. Returns the file's path. */
export const copyRecord = (
  place: Place,
  { position, payload }: { readonly position: number; readonly payload: Uint8Array },
): Promise<string> => createFile(place, `record-${position}`, (to) => writeFully(to, [payload], 0));

async function createFile(
  { fs, directory }: Place,
  name: string,
  write: (to: FileHandle) => Promise<void>,
): Promise<string> {
  const folder = join(directory, QUARANTINE);
  await fs.makeDirectory(folder);
  const path = join(folder, name);
  await ignoreMissing(fs.unlink(path));
  const to = await fs.open(path, 'create');
  try {
    await write(to);
    await to.sync();
  } finally {
    await to.close();
  }
  await fs.syncDirectory(folder);
  return path;
}
