import { crc32 } from 'node:zlib';
import type { EncodedBlock, RecordName } from '@quantumtrade/dal-domain';
import { records } from '@quantumtrade/dal-domain';

/**
 * A block on the disk, little-endian: `QTB1`, uint32 bytes of the header, uint32 CRC32 of the header, the header (JSON),
 * the block's bytes. The header has the record, id and row count, and the length and CRC32 of the bytes.
 */
const MAGIC = Buffer.from('QTB1');
const HEADER_AT = 12;

interface BlockHeader {
  readonly record: RecordName;
  readonly id: string;
  readonly rowCount: number;
  readonly byteLength: number;
  readonly crc32: number;
}

/** The buffers to write one after the other. `notes` is kept in the header, to be found by {@link readHeader}. */
export function encodeBlock(block: EncodedBlock, notes: object = {}): Uint8Array[] {
  const { record, id, rowCount, bytes } = block;
  const header = Buffer.from(
    JSON.stringify({ ...notes, record, id, rowCount, byteLength: bytes.byteLength, crc32: crc32(bytes) }),
  );
  const prefix = Buffer.alloc(HEADER_AT);
  MAGIC.copy(prefix);
  prefix.writeUInt32LE(header.byteLength, 4);
  prefix.writeUInt32LE(crc32(header), 8);
  return [prefix, header, bytes];
}

/** What the header says, and where the block's bytes begin. Throws when it is damaged or cut short. */
export function readHeader<Notes = unknown>(file: Uint8Array): { header: BlockHeader & Notes; end: number } {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (view.length < HEADER_AT || !view.subarray(0, 4).equals(MAGIC)) throw new Error('not a block');
  const end = HEADER_AT + view.readUInt32LE(4);
  const header = view.subarray(HEADER_AT, end);
  if (end > view.length || crc32(header) !== view.readUInt32LE(8)) throw new Error('the header is damaged');
  const parsed = JSON.parse(header.toString()) as BlockHeader & Notes;
  if (!Object.hasOwn(records, parsed.record)) throw new Error(`the record ${parsed.record} is not known`);
  return { header: parsed, end };
}

/** The block as it was encoded. Throws when it is damaged or cut short. */
export function decodeBlock<Notes = unknown>(file: Uint8Array): EncodedBlock & { notes: Notes } {
  const { header, end } = readHeader<Notes>(file);
  const bytes = file.subarray(end);
  if (bytes.byteLength !== header.byteLength || crc32(bytes) !== header.crc32) {
    throw new Error('the rows are damaged');
  }
  const { record, id, rowCount } = header;
  return { record, id, rowCount, bytes, notes: header };
}
