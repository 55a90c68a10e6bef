import type { JournalFile } from '../fs/journal-fs.js';

/** The kernel takes this many buffers in one call; with more, a short write could not be told from a hole. */
const buffersPerCall = 1024;

/** Writes everything, going on after short writes. */
export async function writeFully(
  file: JournalFile,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest = buffers;
  for (let at = position; rest.length > 0;) {
    const written = await file.write(rest.slice(0, buffersPerCall), at);
    if (written === 0) throw Object.assign(new Error('The disk wrote nothing'), { code: 'EIO' });
    at += written;
    rest = withoutFirst(rest, written);
  }
}

function withoutFirst(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  let i = 0;
  while (i < buffers.length && skip >= buffers[i]!.length) skip -= buffers[i++]!.length;
  const rest = buffers.slice(i);
  if (skip > 0) rest[0] = rest[0]!.subarray(skip);
  return rest;
}
