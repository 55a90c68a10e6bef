import { crc32c } from '@node-rs/crc32';
import { JournalError } from '../journal-error.js';

/*
 * A record, little-endian:
 *
 *   0  4 bytes  "QTJ1"
 *   4  uint32   bytes of the id
 *   8  uint32   bytes of the payload
 *  12  uint64   sequence
 *  20  uint32   CRC32C of id and payload
 *  24  uint32   CRC32C of the 24 bytes before, started with the record's seed
 *  28           id (UTF-8), payload
 *
 * The header has its own checksum to distinguish a damaged body, whose end is known, from a damaged header, after which the
 * next record has to be searched. The seed is the sum of the segment's salt and the record's offset, so that copies of
 * records inside a payload are not mistaken for records.
 */
export const HEADER_BYTES = 28;
export const MAGIC = Buffer.from('QTJ1', 'latin1');
const CRC_AT = 24;
const MAX_ID_BYTES = 65_535;
const MAX_RECORD_BYTES = 1 << 30;

/** Records up to this size are copied into one buffer, which costs less than to write more pieces. */
const MAX_COPIED_BYTES = 16 * 1024;

/** A record ready to be written once {@link stampRecord} has added its sequence. */
export interface EncodedRecord {
  readonly header: Buffer;
  /** Bytes of the record, beginning with the header. */
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
}

export interface RecordHeader {
  readonly idBytes: number;
  readonly payloadBytes: number;
  readonly sequence: number;
  readonly bodyCrc: number;
  /** Size of the whole record. */
  readonly bytes: number;
}

/**
 * Encodes a record.
 * @throws JournalError `INVALID` for an id that is not well-formed text of at most 65,535 bytes, `TOO_LARGE` above 1 GiB
 */
export function encodeRecord(id: string, payload: Uint8Array | readonly Uint8Array[]): EncodedRecord {
  if (!id.isWellFormed()) throw new JournalError('INVALID', 'An id must be well-formed text');
  const parts = payload instanceof Uint8Array ? [payload] : payload;
  const idBytes = Buffer.byteLength(id);
  const payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = HEADER_BYTES + idBytes + payloadBytes;
  if (idBytes > MAX_ID_BYTES) throw new JournalError('INVALID', `An id has at most ${MAX_ID_BYTES} bytes`);
  if (bytes > MAX_RECORD_BYTES)
    throw new JournalError('TOO_LARGE', `A record has at most ${MAX_RECORD_BYTES} bytes`);

  const copied = bytes <= MAX_COPIED_BYTES;
  const first = Buffer.allocUnsafe(copied ? bytes : HEADER_BYTES + idBytes);
  MAGIC.copy(first, 0);
  first.writeUInt32LE(idBytes, 4);
  first.writeUInt32LE(payloadBytes, 8);
  first.write(id, HEADER_BYTES);
  if (copied) {
    let at = HEADER_BYTES + idBytes;
    for (const part of parts) {
      first.set(part, at);
      at += part.length;
    }
  }
  const pieces = copied ? [first] : [first, ...parts.filter((part) => part.length > 0)];
  let bodyCrc = crc32c(first.subarray(HEADER_BYTES));
  for (const part of pieces.slice(1)) bodyCrc = crc32c(part, bodyCrc);
  first.writeUInt32LE(bodyCrc, 20);
  return { header: first, pieces, bytes };
}

/** Returns the start value of a header's checksum, which makes the header valid at one place only. */
export const recordSeed = (salt: number, offset: number): number => (salt + offset) % 2 ** 32;

/** Writes the sequence and the checksum into a record's header. */
export function stampRecord({ header }: EncodedRecord, sequence: number, seed: number): void {
  header.writeUInt32LE(sequence % 2 ** 32, 12);
  header.writeUInt32LE(Math.floor(sequence / 2 ** 32), 16);
  header.writeUInt32LE(crc32c(header.subarray(0, CRC_AT), seed), CRC_AT);
}

/** Decodes the header at the buffer's start. Returns undefined when none was written at this place. */
export function decodeHeader(buffer: Buffer, seed: number): RecordHeader | undefined {
  if (buffer.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0) return undefined;
  if (crc32c(buffer.subarray(0, CRC_AT), seed) !== buffer.readUInt32LE(CRC_AT)) return undefined;
  const idBytes = buffer.readUInt32LE(4);
  const payloadBytes = buffer.readUInt32LE(8);
  const bytes = HEADER_BYTES + idBytes + payloadBytes;
  if (idBytes > MAX_ID_BYTES || bytes > MAX_RECORD_BYTES) return undefined;
  return {
    idBytes,
    payloadBytes,
    sequence: buffer.readUInt32LE(12) + buffer.readUInt32LE(16) * 2 ** 32,
    bodyCrc: buffer.readUInt32LE(20),
    bytes,
  };
}

/** Whether the checksum of id and payload is right. */
export const isIntact = (body: Buffer, header: RecordHeader): boolean => crc32c(body) === header.bodyCrc;
