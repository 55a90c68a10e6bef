import type { ByteRange } from '../format/scan.js';

/**
 * One file of records. It owns the sequences from `first` up to the next segment's `first`. Later sequences in the file were
 * written again to the next segment after a failed sync.
 */
export class Segment {
  readonly name: string;
  readonly first: number;
  readonly salt: number;
  /** First sequence of the next segment. Set for segments found at opening. */
  before = Infinity;
  /** Length of the durable part. Nothing after it has been acknowledged. */
  bytes = 0;
  readonly sequences = new SequenceRuns();
  readonly damaged: ByteRange[] = [];
  /** Whether records may still be added, so that the segment must not be removed. */
  isOpen = false;

  constructor(name: string, first: number, salt: number) {
    this.name = name;
    this.first = first;
    this.salt = salt;
  }

  /** Whether the segment owns the next record found in its file, which else is left from a failed write. */
  owns(sequence: number): boolean {
    return sequence > this.sequences.last && sequence < this.before;
  }
}

const NAME_PATTERN = /^(\d{16})-([0-9a-f]{8})\.wal$/;

export const segmentName = (first: number, salt: number): string =>
  `${String(first).padStart(16, '0')}-${salt.toString(16).padStart(8, '0')}.wal`;

/** Returns the segments among a directory's entries, in order. */
export function parseSegmentNames(names: readonly string[]): Segment[] {
  const found = names.flatMap((name) => {
    const match = NAME_PATTERN.exec(name);
    return match ? [{ name, first: Number(match[1]), salt: Number.parseInt(match[2]!, 16) }] : [];
  });
  found.sort((a, b) => a.first - b.first);
  return found.map(({ name, first, salt }) => new Segment(name, first, salt));
}

/** Growing set of sequences, kept as runs because gaps are rare. */
class SequenceRuns {
  readonly #runs: { first: number; last: number }[] = [];

  get last(): number {
    return this.#runs.at(-1)?.last ?? 0;
  }

  /** Adds sequences, which must be greater than all others in the set. */
  add(first: number, last = first): void {
    const run = this.#runs.at(-1);
    if (run?.last === first - 1) run.last = last;
    else this.#runs.push({ first, last });
  }

  /** Returns how many sequences are greater than a position. */
  countAfter(position: number): number {
    return this.#runs.reduce(
      (sum, { first, last }) => sum + Math.max(0, last - Math.max(first - 1, position)),
      0,
    );
  }
}
