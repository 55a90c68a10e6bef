import { join } from 'node:path';
import type { ByteRange } from '../format/scan.js';
import type { JournalFile, JournalFs } from '../fs/journal-fs.js';
import { systemCode } from '../journal-error.js';
import { writeFully } from './write-fully.js';

const pieceBytes = 1024 * 1024;

/** Copies a range of a segment to `quarantine/<segment>-<start>-<end>`, durably. Returns the copy's path. */
export async function copyRange(
  { fs, directory }: { readonly fs: JournalFs; readonly directory: string },
  segment: string,
  from: JournalFile,
  { start, end }: ByteRange,
): Promise<string> {
  const folder = join(directory, 'quarantine');
  await fs.makeDirectory(folder);
  const path = join(folder, `${segment}-${start}-${end}`);
  await unlinkIfThere(fs, path);
  const to = await fs.open(path, 'create');
  try {
    for (let at = start; at < end;) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, end - at));
      const count = await from.read(piece, at);
      await writeFully(to, [piece.subarray(0, count)], at - start);
      at += count;
    }
    await to.sync();
  } finally {
    await to.close();
  }
  await fs.syncDirectory(folder);
  return path;
}

export async function unlinkIfThere(fs: JournalFs, path: string): Promise<void> {
  await fs.unlink(path).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}
