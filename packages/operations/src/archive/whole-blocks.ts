import type { ArchivedBlockHead, SegmentEntry } from './segment.js';

/** A block read from an archive. */
export interface ArchivedBytes {
  readonly head: ArchivedBlockHead;
  readonly bytes: Uint8Array;
}

/**
 * Returns a function that takes the entries of an archive in their order, and returns the block that an entry completes. Pieces
 * of a block that was shipped in part before a crash are followed by all its pieces again.
 */
export function wholeBlocks(): (entry: SegmentEntry) => ArchivedBytes | undefined {
  let id: string | undefined;
  let pieces: Uint8Array[] = [];
  return ({ head, body }) => {
    const { piece = { index: 0, count: 1 } } = head;
    if (piece.index === 0) [id, pieces] = [head.id, []];
    if (head.id !== id || piece.index !== pieces.length) return undefined;
    pieces.push(body);
    if (pieces.length < piece.count) return undefined;
    return { head, bytes: piece.count === 1 ? body : Buffer.concat(pieces) };
  };
}
