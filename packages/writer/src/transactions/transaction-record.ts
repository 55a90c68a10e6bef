import type { EncodedBlock } from '@quantumtrade/dal-domain';

/** What happens to one cache key: it is set for a time that runs from the commit on, or deleted. */
export type CacheChange =
  { readonly key: string; readonly json: string; readonly ttlMs: number } | { readonly key: string };

/** Everything that a transaction does once it is committed. */
export interface TransactionRecord {
  /** When it was committed, in epoch milliseconds. */
  readonly at: number;
  readonly blocks: readonly EncodedBlock[];
  /** At most one for each key. */
  readonly cacheChanges: readonly CacheChange[];
  /** Keys of the read-through caches whose values the blocks may change. */
  readonly touchedKeys: readonly string[];
}

/**
 * In the log, little-endian: uint32 bytes of the header, the header (JSON), the bytes of the blocks one after the other.
 * The header has the record without the bytes of its blocks, but their lengths. The log checks that nothing is damaged.
 */
export function encodeTransaction({ blocks, ...rest }: TransactionRecord): Uint8Array[] {
  const heads = blocks.map(({ bytes, ...head }) => ({ ...head, byteLength: bytes.byteLength }));
  const header = Buffer.from(JSON.stringify({ format: FORMAT, ...rest, blocks: heads }));
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(header.byteLength);
  return [prefix, header, ...blocks.map(({ bytes }) => bytes)];
}

const FORMAT = 1;

interface Header extends Omit<TransactionRecord, 'blocks'> {
  readonly format: number;
  readonly blocks: readonly (Omit<EncodedBlock, 'bytes'> & { readonly byteLength: number })[];
}

/** Throws when it is of another format. */
export function decodeTransaction(payload: Uint8Array): TransactionRecord {
  const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  let end = 4 + view.readUInt32LE();
  const { format, blocks, ...rest } = JSON.parse(view.subarray(4, end).toString()) as Header;
  if (format !== FORMAT) throw new Error(`transactions of format ${format} cannot be read`);
  return {
    ...rest,
    blocks: blocks.map(({ byteLength, ...head }) => {
      const start = end;
      end += byteLength;
      return { ...head, bytes: payload.subarray(start, end) };
    }),
  };
}
