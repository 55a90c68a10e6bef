import { errorCode, type FileSystem } from '@quantumtrade/dal-runtime/fs';

const chunkBytes = 64 * 1024;

/** No line is longer: longer entries are not recorded. */
export const maxLineBytes = 16 * 1024 * 1024;

/** A line without its end. */
export interface RawLine {
  /** Empty where the line is longer than any that a trail writes. */
  readonly bytes: Buffer;
  /** How many bytes it has. */
  readonly length: number;
  /** Whether its end is there: only the last line of a file may have none. */
  readonly ended: boolean;
}

/** The bytes of a file from a position on. Nothing where there is no file. */
async function* readChunks(fs: FileSystem, path: string, from: number): AsyncGenerator<Buffer> {
  const file = await fs.open(path, 'read').catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
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

/** Everything from a position on, but hardly more than the limit. Undefined where there is no file or nothing in it. */
export async function readWhole(
  fs: FileSystem,
  path: string,
  { from = 0, limit = Infinity }: { readonly from?: number; readonly limit?: number } = {},
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of readChunks(fs, path, from)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) break;
  }
  return chunks.length === 0 ? undefined : Buffer.concat(chunks);
}

/** The lines of a file, one at a time. */
export async function* readLines(fs: FileSystem, path: string): AsyncGenerator<RawLine> {
  let line = new LineBytes();
  for await (const chunk of readChunks(fs, path, 0)) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      line.add(chunk.subarray(from, end));
      yield { ...line.take(), ended: true };
      line = new LineBytes();
      from = end + 1;
    }
    if (from < chunk.length) line.add(chunk.subarray(from));
  }
  if (line.length > 0) yield { ...line.take(), ended: false };
}

/** The pieces of one line; none is kept of a line that is too long. */
class LineBytes {
  length = 0;
  #pieces: Buffer[] = [];

  add(piece: Buffer): void {
    this.length += piece.length;
    if (this.length > maxLineBytes) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  take(): { readonly bytes: Buffer; readonly length: number } {
    return { bytes: Buffer.concat(this.#pieces), length: this.length };
  }
}
