import { ByteReader } from './byte-reader.js';
import { columnPartsOf } from './column-parts.js';
import { MAX_NAME_BYTES, parseTypeName } from './type-name.js';

export interface BlockPart {
  readonly bytes: Buffer;
  readonly rowCount: number;
}

/**
 * Splits a block of more than one row into the first half of its rows and the rest: blocks with the same columns, whose bytes
 * follow from the block's alone.
 */
export function splitBlock(bytes: Uint8Array): BlockPart[] {
  const reader = new ByteReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const columnCount = reader.varint();
  const rowCount = reader.varint();
  const middle = Math.ceil(rowCount / 2);
  const halves = [middle, rowCount - middle].map((rows) => ({
    rowCount: rows,
    pieces: [varint(columnCount), varint(rows)] as Uint8Array[],
  }));
  for (let i = 0; i < columnCount; i++) {
    const start = reader.offset;
    reader.string(MAX_NAME_BYTES);
    const type = parseTypeName(reader.string(MAX_NAME_BYTES));
    const head = reader.since(start);
    const column = columnPartsOf(type);
    const prefix = column.prefix?.(reader) ?? [];
    const data = column.split(reader, rowCount, middle);
    for (const [n, { pieces }] of halves.entries()) pieces.push(head, ...prefix, ...data[n]!);
  }
  return halves.map(({ rowCount: rows, pieces }) => ({ rowCount: rows, bytes: Buffer.concat(pieces) }));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 0x80)) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 0x80) | 0x80);
  }
}
