import { createHash } from 'node:crypto';
import type { RecordName } from '@quantumtrade/dal-domain';
import { ValidationError } from '@quantumtrade/dal-domain';

/*
 * A segment, little-endian:
 *
 *   0  4 bytes  "QTA1"
 *   4  uint32   bytes of the header
 *   8           header (JSON): a `SegmentHeader`
 *               entries: uint32 bytes of the head, uint32 bytes of the body, head (JSON), body
 *      32 bytes SHA-256 of all bytes before
 */
const MAGIC = Buffer.from('QTA1', 'latin1');
const FORMAT = 1;
const HASH_BYTES = 32;

/** Description of an archived block, without its rows. */
export interface ArchivedBlockHead {
  readonly record: RecordName;
  /** Deduplication token. */
  readonly id: string;
  readonly rowCount: number;
  /** Before the first attempt to store the block (epoch milliseconds). */
  readonly begunAt: number;
  /** When the block was stored; ascending within an archive (epoch milliseconds). */
  readonly storedAt: number;
  /** When its write was acknowledged, which may be before it was stored (epoch milliseconds). */
  readonly acknowledgedAt: number;
}

/** A block, or a piece of one that is larger than a segment. */
export interface SegmentEntry {
  readonly head: ArchivedBlockHead & {
    /** Position among the pieces of the block and their number. @default a whole block */
    readonly piece?: { readonly index: number; readonly count: number };
  };
  readonly body: Uint8Array;
}

export interface SegmentHeader {
  readonly writer: string;
  /** Number of the segment; the first one is 1. */
  readonly sequence: number;
  /** SHA-256 of the segment before, in hexadecimal; null in the first one. */
  readonly previous: string | null;
  /** Damaged ranges of the writer's disk before this segment, whose blocks are lost. @default 0 (ranges) */
  readonly damagedRanges?: number;
}

export interface ArchiveSegment extends SegmentHeader {
  readonly entries: readonly SegmentEntry[];
  /** SHA-256, in hexadecimal. */
  readonly hash: string;
  /** The whole object. */
  readonly bytes: Uint8Array;
}

/** Returns the bytes of a segment and their SHA-256. */
export function encodeSegment(
  header: SegmentHeader,
  entries: readonly SegmentEntry[],
): { readonly bytes: Uint8Array; readonly hash: string } {
  const json = Buffer.from(JSON.stringify({ format: FORMAT, ...header, entries: entries.length }));
  const pieces: Uint8Array[] = [MAGIC, lengths(json.length), json];
  for (const { head, body } of entries) {
    const text = Buffer.from(JSON.stringify(head));
    pieces.push(lengths(text.length, body.length), text, body);
  }
  const sha256 = createHash('sha256');
  for (const piece of pieces) sha256.update(piece);
  const digest = sha256.digest();
  return { bytes: Buffer.concat([...pieces, digest]), hash: digest.toString('hex') };
}

function lengths(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => buffer.writeUInt32LE(value, 4 * i));
  return buffer;
}

/** Decodes the object of a key. Throws `ValidationError` naming the key when a byte of it is wrong or missing. */
export function decodeSegment(key: string, object: Uint8Array): ArchiveSegment {
  const bytes = Buffer.from(object.buffer, object.byteOffset, object.byteLength);
  const end = bytes.length - HASH_BYTES;
  if (end < 8 || !bytes.subarray(0, 4).equals(MAGIC)) throw damaged(key, 'is no segment of an archive');
  const digest = createHash('sha256').update(bytes.subarray(0, end)).digest();
  if (!digest.equals(bytes.subarray(end))) throw damaged(key, 'is damaged: its SHA-256 differs');
  let at = 8 + bytes.readUInt32LE(4);
  const header = JSON.parse(bytes.toString('utf8', 8, at)) as SegmentHeader & {
    readonly format: number;
    readonly entries: number;
  };
  if (header.format !== FORMAT) throw damaged(key, `has the unknown format ${header.format}`);
  const entries: SegmentEntry[] = [];
  while (entries.length < header.entries) {
    const body = at + 8 + bytes.readUInt32LE(at);
    const next = body + bytes.readUInt32LE(at + 4);
    const head = JSON.parse(bytes.toString('utf8', at + 8, body)) as SegmentEntry['head'];
    entries.push({ head, body: object.subarray(body, next) });
    at = next;
  }
  const { writer, sequence, previous, damagedRanges = 0 } = header;
  return { writer, sequence, previous, damagedRanges, entries, hash: digest.toString('hex'), bytes: object };
}

/** Returns the error of an object that cannot be used. */
export const damaged = (key: string, reason: string): ValidationError =>
  new ValidationError(key, reason, { operation: 'archive.read' });
