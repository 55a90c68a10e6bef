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
 * The header's own checksum tells a damaged body, whose end is known, from a damaged header, after which the next record
 * has to be searched. The seed, the sum of the segment's salt and the record's offset, keeps copies of records inside a
 * payload, of other segments or of this one, from being taken for records.
 */
export const headerBytes = 28;
export const magic = Buffer.from('QTJ1', 'latin1');
const crcAt = 24;
const maxIdBytes = 65_535;
const maxRecordBytes = 1 << 30;

/** Records up to this size are copied into one buffer: fewer pieces to write, for less than they cost. */
const copiedUpTo = 16 * 1024;

/** A record ready to be written, but for its sequence, which {@link stampRecord} adds. */
export interface EncodedRecord {
  readonly header: Buffer;
  /** The header first. */
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
}

export interface RecordHeader {
  readonly idBytes: number;
  readonly payloadBytes: number;
  readonly sequence: number;
  readonly bodyCrc: number;
  /** Of the whole record. */
  readonly bytes: number;
}

/** @throws JournalError `INVALID` for an id that is no text of up to 65,535 bytes, `TOO_LARGE` beyond 1 GiB */
export function encodeRecord(id: string, payload: Uint8Array | readonly Uint8Array[]): EncodedRecord {
  if (!id.isWellFormed()) throw new JournalError('INVALID', 'An id must be well-formed text');
  const parts = payload instanceof Uint8Array ? [payload] : payload;
  const idBytes = Buffer.byteLength(id);
  const payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = headerBytes + idBytes + payloadBytes;
  if (idBytes > maxIdBytes) throw new JournalError('INVALID', `An id has at most ${maxIdBytes} bytes`);
  if (bytes > maxRecordBytes)
    throw new JournalError('TOO_LARGE', `A record has at most ${maxRecordBytes} bytes`);

  const copied = bytes <= copiedUpTo;
  const first = Buffer.allocUnsafe(copied ? bytes : headerBytes + idBytes);
  magic.copy(first, 0);
  first.writeUInt32LE(idBytes, 4);
  first.writeUInt32LE(payloadBytes, 8);
  first.write(id, headerBytes);
  if (copied) {
    let at = headerBytes + idBytes;
    for (const part of parts) {
      first.set(part, at);
      at += part.length;
    }
  }
  const pieces = copied ? [first] : [first, ...parts.filter((part) => part.length > 0)];
  let bodyCrc = crc32c(first.subarray(headerBytes));
  for (const part of pieces.slice(1)) bodyCrc = crc32c(part, bodyCrc);
  first.writeUInt32LE(bodyCrc, 20);
  return { header: first, pieces, bytes };
}

/** What a header's checksum starts with, so that it holds at one place only. */
export const recordSeed = (salt: number, offset: number): number => (salt + offset) % 2 ** 32;

/** Gives the record its sequence, and the checksum that holds at the place it goes to. */
export function stampRecord({ header }: EncodedRecord, sequence: number, seed: number): void {
  header.writeUInt32LE(sequence % 2 ** 32, 12);
  header.writeUInt32LE(Math.floor(sequence / 2 ** 32), 16);
  header.writeUInt32LE(crc32c(header.subarray(0, crcAt), seed), crcAt);
}

/** The header at the buffer's start, or undefined where none was written at this place. */
export function decodeHeader(buffer: Buffer, seed: number): RecordHeader | undefined {
  if (buffer.compare(magic, 0, magic.length, 0, magic.length) !== 0) return undefined;
  if (crc32c(buffer.subarray(0, crcAt), seed) !== buffer.readUInt32LE(crcAt)) return undefined;
  const idBytes = buffer.readUInt32LE(4);
  const payloadBytes = buffer.readUInt32LE(8);
  const bytes = headerBytes + idBytes + payloadBytes;
  if (idBytes > maxIdBytes || bytes > maxRecordBytes) return undefined;
  return {
    idBytes,
    payloadBytes,
    sequence: buffer.readUInt32LE(12) + buffer.readUInt32LE(16) * 2 ** 32,
    bodyCrc: buffer.readUInt32LE(20),
    bytes,
  };
}

/** Whether id and payload, as they stand in the buffer, are what was written. */
export const isIntact = (body: Buffer, header: RecordHeader): boolean => crc32c(body) === header.bodyCrc;
