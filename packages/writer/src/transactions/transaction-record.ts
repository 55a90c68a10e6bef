import type { EncodedBlock } from '@quantumtrade/dal-domain';

/** Change of one cache key: it is set for a time that begins at the commit, or deleted. */
export type CacheChange =
  { readonly key: string; readonly json: string; readonly ttlMs: number } | { readonly key: string };

/** Everything that a transaction does once it is committed. */
export interface TransactionRecord {
  /** Time of the commit in epoch milliseconds. */
  readonly at: number;
  readonly blocks: readonly EncodedBlock[];
  /** At most one for each key. */
  readonly cacheChanges: readonly CacheChange[];
  /** Keys of the read-through cache whose values the blocks may change. */
  readonly affectedKeys: readonly string[];
}

const FORMAT = 1;

interface Header extends Pick<TransactionRecord, 'at' | 'cacheChanges'> {
  readonly format: number;
  /** The affected cache keys. */
  // eslint-disable-next-line house-style/plain-words -- the member's name in existing logs
  readonly touchedKeys: readonly string[];
  readonly blocks: readonly (Omit<EncodedBlock, 'bytes'> & { readonly byteLength: number })[];
}

/**
 * Encodes a transaction for the log, little-endian: uint32 length of the header, the header (JSON), the bytes of the blocks
 * one after the other. The header contains the record, with the length of each block in place of its bytes. The log itself
 * detects damage.
 */
export function encodeTransaction({
  at,
  blocks,
  cacheChanges,
  affectedKeys,
}: TransactionRecord): Uint8Array[] {
  const head: Header = {
    format: FORMAT,
    at,
    cacheChanges,
    touchedKeys: affectedKeys,
    blocks: blocks.map(({ bytes, ...block }) => ({ ...block, byteLength: bytes.byteLength })),
  };
  const header = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(header.byteLength);
  return [prefix, header, ...blocks.map(({ bytes }) => bytes)];
}

/** Throws when the transaction has another format. */
export function decodeTransaction(payload: Uint8Array): TransactionRecord {
  const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  let end = 4 + view.readUInt32LE();
  const header = JSON.parse(view.subarray(4, end).toString()) as Header;
  const { format, at, cacheChanges, touchedKeys } = header;
  if (format !== FORMAT) throw new Error(`transactions of format ${format} cannot be read`);
  const blocks = header.blocks.map(({ byteLength, ...block }) => {
    const start = end;
    end += byteLength;
    return { ...block, bytes: payload.subarray(start, end) };
  });
  return { at, blocks, cacheChanges, affectedKeys: touchedKeys };
}
