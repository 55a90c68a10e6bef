import type { JournalFs } from '@quantumtrade/dal-journal';
import { codeOf } from '../audit-trail-error.js';

const chunkBytes = 64 * 1024;

/** A line without its end. */
export interface RawLine {
  readonly bytes: Buffer;
  /** Whether its end is there: only the last line of a file may have none. */
  readonly ended: boolean;
}

/** The bytes of a file from a position on. Nothing where there is no file. */
async function* readChunks(fs: JournalFs, path: string, from: number): AsyncGenerator<Buffer> {
  const file = await fs.open(path, 'read').catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    return undefined;
  });
  if (file === undefined) return;
  try {
    for (let position = from; ;) {
      const buffer = Buffer.alloc(chunkBytes);
      const length = await file.read(buffer, position);
      if (length === 0) return;
      position += length;
      yield buffer.subarray(0, length);
    }
  } finally {
    await file.close();
  }
}

/** Everything from a position on. Undefined where there is no file or nothing in it. */
export async function readWhole(fs: JournalFs, path: string, from = 0): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of readChunks(fs, path, from)) chunks.push(chunk);
  return chunks.length === 0 ? undefined : Buffer.concat(chunks);
}

/** The lines of a file, one at a time. */
export async function* readLines(fs: JournalFs, path: string): AsyncGenerator<RawLine> {
  let rest: Buffer[] = [];
  for await (const chunk of readChunks(fs, path, 0)) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      yield { bytes: Buffer.concat([...rest, chunk.subarray(from, end)]), ended: true };
      rest = [];
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  if (rest.length > 0) yield { bytes: Buffer.concat(rest), ended: false };
}
