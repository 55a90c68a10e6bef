import type { CallOptions } from '@quantumtrade/dal-domain';
import { damaged, type ArchivedBlockHead } from '../archive/segment.js';
import type { ArchivedBytes } from '../archive/whole-blocks.js';
import { wholeBlocks } from '../archive/whole-blocks.js';
import type { WriterArchive } from '../archive/writer-archive.js';

/** Entries of one segment, without their rows. */
interface IndexedSegment {
  readonly sequence: number;
  readonly heads: readonly ArchivedBlockHead[];
  readonly damagedRanges: number;
}

/** Blocks of one writer's archive, read from its end backwards as far as they are needed. */
export class ArchiveIndex {
  readonly archive: WriterArchive;
  /** In descending order. */
  readonly #segments: IndexedSegment[] = [];
  #next: number;

  constructor(archive: WriterArchive) {
    this.archive = archive;
    this.#next = archive.last;
  }

  /** Reads the segments that have blocks stored at an instant or later. Throws `ValidationError` when they were pruned. */
  async readBackTo(instant: number, options?: CallOptions): Promise<void> {
    const { archive } = this;
    while (this.#next >= archive.first && !this.#reaches(instant)) {
      const { sequence, entries, damagedRanges = 0 } = await archive.segment(this.#next, options);
      this.#segments.push({ sequence, heads: entries.map(({ head }) => head), damagedRanges });
      this.#next--;
    }
    if (archive.first > 1 && !this.#reaches(instant)) {
      throw damaged(archive.keyOf(archive.first - 1), `was pruned, and may have blocks that are needed`);
    }
  }

  /** Whether all blocks stored at an instant or later are read. */
  #reaches(instant: number): boolean {
    const first = this.#segments.at(-1)?.heads[0];
    return first !== undefined && first.storedAt < instant;
  }

  /** Yields the head of every block that was read. */
  *heads(): Generator<ArchivedBlockHead> {
    for (const { heads } of this.#segments) yield* heads;
  }

  /** Throws `ValidationError` naming a segment before which blocks were lost that may have been stored by an instant. */
  requireUndamaged(instant: number): void {
    for (const [n, { sequence, damagedRanges }] of this.#segments.entries()) {
      const before = this.#segments[n + 1]?.heads.at(-1)?.storedAt ?? 0;
      if (damagedRanges === 0 || before >= instant) continue;
      const reason = `follows ${damagedRanges} damaged ranges of the disk of its writer, whose blocks are lost`;
      throw damaged(this.archive.keyOf(sequence), reason);
    }
  }

  /** Yields the blocks that were stored at an instant or later and match, in the order in which they were stored. */
  async *blocks(
    from: number,
    matches: (head: ArchivedBlockHead) => boolean,
    options?: CallOptions,
  ): AsyncGenerator<ArchivedBytes, void> {
    const complete = wholeBlocks();
    const isNeeded = (head: ArchivedBlockHead) => head.storedAt >= from && matches(head);
    for (const { sequence, heads } of [...this.#segments].reverse()) {
      if (!heads.some(isNeeded)) continue;
      const { entries } = await this.archive.segment(sequence, options);
      for (const entry of entries) {
        const block = isNeeded(entry.head) && complete(entry);
        if (block) yield block;
      }
    }
  }
}
