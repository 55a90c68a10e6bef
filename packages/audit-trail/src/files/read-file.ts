import { ignoreMissing, type FileSystem } from '@quantumtrade/dal-runtime/fs';

const CHUNK_BYTES = 64 * 1024;

/** Maximum size of a line. Longer entries are not recorded. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** A line without its line break. */
export interface RawLine {
  /** Content, empty when the line is longer than a trail writes. */
  readonly bytes: Buffer;
  /** Size in bytes. */
  readonly length: number;
  /** Whether there is a line break, which only the last line of a file may lack. */
  readonly ended: boolean;
}

/** Yields the bytes of a file from a position on, none of a missing file. */
async function* readChunks(fs: FileSystem, path: string, from: number): AsyncGenerator<Buffer> {
  const file = await ignoreMissing(fs.open(path, 'read'));
  if (file === undefined) return;
  try {
    for (let position = from; ;) {
      const buffer = Buffer.alloc(CHUNK_BYTES);
      const length = await file.read(buffer, position);
      if (length === 0) return;
      position += length;
      yield buffer.subarray(0, length);
    }
  } finally {
    await file.close();
  }
}

/** Returns the content from a position on, cut soon after the limit. Returns undefined for a missing or empty file. */
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

/** Yields the lines of a file. */
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

/** Pieces of one line. Discards them when the line is too long. */
class LineBytes {
  length = 0;
  #pieces: Buffer[] = [];

  add(piece: Buffer): void {
    this.length += piece.length;
    if (this.length > MAX_LINE_BYTES) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  take(): { readonly bytes: Buffer; readonly length: number } {
    return { bytes: Buffer.concat(this.#pieces), length: this.length };
  }
}
