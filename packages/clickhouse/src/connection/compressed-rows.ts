import type { LightAbortSignal } from '@quantumtrade/dal-runtime';
import { BrokenMessageError } from './answer-errors.js';
import { summaryCounts } from './answer-parts.js';
import { readBody, type Answer } from './body.js';
import type { CompressedRows } from './sql.js';

/** Headers of a request whose answer {@link readCompressed} takes. */
export const ACCEPTS_ZSTD = { 'Accept-Encoding': 'zstd' };

const MAGIC = 0xfd2fb528;
const MAGIC_BYTES = 4;
const BLOCK_HEAD_BYTES = 3;
const CHECKSUM_BYTES = 4;
/** Type of a block that is one byte, repeated. */
const RLE = 1;
/** Bytes of a dictionary's id, and of the frame's size, by their flags in the frame's head. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const FRAME_SIZE_BYTES = [0, 2, 4, 8] as const;

/** Reads an answer that is compressed with zstd and leaves it so. Throws `BrokenMessageError` unless it is whole. */
export async function readCompressed(
  answer: Answer,
  signal: LightAbortSignal,
  maxBytes: number,
): Promise<CompressedRows> {
  if (answer.headers['content-encoding'] !== 'zstd') {
    throw new BrokenMessageError('the answer is not compressed with zstd');
  }
  const chunks: Uint8Array[] = [];
  await readBody(answer, signal, maxBytes, {
    take(chunk) {
      chunks.push(chunk);
    },
  });
  const bytes = Buffer.concat(chunks);
  if (!isWholeZstd(bytes)) throw new BrokenMessageError('the compressed answer ends before its end');
  const rowCount = Number(summaryCounts(answer)['result_rows']);
  if (Number.isNaN(rowCount)) throw new BrokenMessageError('the answer does not say how many rows it has');
  return { bytes, rowCount };
}

/**
 * Returns whether bytes are frames of zstd (RFC 8878), the last one complete. The content is not looked at: the checksum that each frame
 * has is compared by the server that stores it.
 */
export function isWholeZstd(bytes: Buffer): boolean {
  let offset = 0;
  while (offset < bytes.length) {
    const end = frameEnd(bytes, offset);
    if (end === undefined || end > bytes.length) return false;
    offset = end;
  }
  return offset > 0;
}

/** Returns where the frame at an offset ends; undefined when the bytes end before. */
function frameEnd(bytes: Buffer, start: number): number | undefined {
  if (start + MAGIC_BYTES >= bytes.length || bytes.readUInt32LE(start) !== MAGIC) return undefined;
  const flags = bytes[start + MAGIC_BYTES]!;
  const isSingleSegment = (flags & 0x20) !== 0;
  const hasChecksum = (flags & 0x04) !== 0;
  const sizeBytes = isSingleSegment && flags >> 6 === 0 ? 1 : FRAME_SIZE_BYTES[flags >> 6]!;
  const windowBytes = isSingleSegment ? 0 : 1;
  let offset = start + MAGIC_BYTES + 1 + windowBytes + DICTIONARY_ID_BYTES[flags & 0x03]! + sizeBytes;
  for (let isLast = false; !isLast;) {
    if (offset + BLOCK_HEAD_BYTES > bytes.length) return undefined;
    const head = bytes.readUIntLE(offset, BLOCK_HEAD_BYTES);
    isLast = (head & 1) === 1;
    offset += BLOCK_HEAD_BYTES + (((head >> 1) & 3) === RLE ? 1 : head >> 3);
  }
  return hasChecksum ? offset + CHECKSUM_BYTES : offset;
}
