import { crc32 } from 'node:zlib';
import type { RecordName } from '@quantumtrade/dal-domain';
import { records } from '@quantumtrade/dal-domain';
import type { AnnotatedBlock } from './annotated-block.js';

/**
 * Layout of a block on the disk, little-endian: `QTB1`, uint32 length of the header, uint32 CRC32 of the header, the header
 * (JSON), the block's bytes, the cache keys that its rows affect if they are known (JSON). The header contains the record,
 * id and row count, and the length and CRC32 of the bytes and of the keys.
 */
const MAGIC = Buffer.from('QTB1');
const HEADER_AT = 12;

interface Part {
  readonly byteLength: number;
  readonly crc32: number;
}

export interface BlockHeader extends Part {
  readonly record: RecordName;
  readonly id: string;
  readonly rowCount: number;
  /** The affected cache keys. */
  // eslint-disable-next-line house-style/plain-words -- the member's name in existing files
  readonly touchedKeys?: Part;
}

/** Returns the buffers to write one after the other. `notes` become a part of the header, for {@link readHeader}. */
export function encodeBlock(block: AnnotatedBlock, notes: object = {}): Uint8Array[] {
  const { record, id, rowCount, bytes } = block;
  const keys = block.affectedKeys && Buffer.from(JSON.stringify(block.affectedKeys));
  const touchedKeys = keys && partOf(keys);
  const header = Buffer.from(
    JSON.stringify({ ...notes, record, id, rowCount, ...partOf(bytes), touchedKeys }),
  );
  const prefix = Buffer.alloc(HEADER_AT);
  MAGIC.copy(prefix);
  prefix.writeUInt32LE(header.byteLength, 4);
  prefix.writeUInt32LE(crc32(header), 8);
  return [prefix, header, bytes, ...(keys ? [keys] : [])];
}

const partOf = (bytes: Uint8Array): Part => ({ byteLength: bytes.byteLength, crc32: crc32(bytes) });

/**
 * Returns the header, the offset of the block's bytes, and the length of the whole. Throws when the header is damaged or cut
 * short. The length is not compared with that of the file.
 */
export function readHeader<Notes = unknown>(
  file: Uint8Array,
): { header: BlockHeader & Notes; end: number; byteLength: number } {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (view.length < HEADER_AT || !view.subarray(0, 4).equals(MAGIC)) throw new Error('not a block');
  const end = HEADER_AT + view.readUInt32LE(4);
  const header = view.subarray(HEADER_AT, end);
  if (end > view.length || crc32(header) !== view.readUInt32LE(8)) throw new Error('the header is damaged');
  const parsed = JSON.parse(header.toString()) as BlockHeader & Notes;
  const { record, id, rowCount, byteLength, touchedKeys } = parsed;
  if (!Object.hasOwn(records, record)) throw new Error(`the record ${record} is not known`);
  const lengths = [rowCount, byteLength, touchedKeys?.byteLength ?? 0];
  if (typeof id !== 'string' || !lengths.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new Error('the header is not that of a block');
  }
  return { header: parsed, end, byteLength: end + byteLength + (touchedKeys?.byteLength ?? 0) };
}

/** Returns the block that was encoded. Throws when it is damaged or cut short. */
export function decodeBlock<Notes = unknown>(file: Uint8Array): AnnotatedBlock & { notes: Notes } {
  const { header, end } = readHeader<Notes>(file);
  const { record, id, rowCount, byteLength, touchedKeys } = header;
  const bytes = file.subarray(end, end + byteLength);
  const keys = file.subarray(end + byteLength);
  if (!isIntact(bytes, header) || !isIntact(keys, touchedKeys ?? partOf(NOTHING))) {
    throw new Error('the rows are damaged');
  }
  const affectedKeys = touchedKeys && (JSON.parse(Buffer.from(keys).toString()) as string[]);
  return { record, id, rowCount, bytes, ...(affectedKeys && { affectedKeys }), notes: header };
}

const NOTHING = new Uint8Array();

const isIntact = (bytes: Uint8Array, part: Part): boolean =>
  bytes.byteLength === part.byteLength && crc32(bytes) === part.crc32;
