import type { ByteRange } from '../format/scan.js';

/**
 * One file of records. It owns the sequences from `first` up to the next segment's `first`; whatever else stands in it
 * was superseded there, after a failed sync.
 */
export class Segment {
  readonly name: string;
  readonly first: number;
  readonly salt: number;
  /** Sequences from here on belong to a later segment. Known only of segments found at opening. */
  before = Infinity;
  /** Length of the durable part: nothing after it has been acknowledged. */
  bytes = 0;
  readonly sequences = new SequenceRuns();
  readonly damaged: ByteRange[] = [];
  /** Whether records may still be added, so that it must not be removed however far delivery is. */
  isOpen = false;

  constructor(name: string, first: number, salt: number) {
    this.name = name;
    this.first = first;
    this.salt = salt;
  }

  /** Whether a record found after those known is the segment's own, and not left over from a failed write. */
  takes(sequence: number): boolean {
    return sequence > this.sequences.last && sequence < this.before;
  }
}

const pattern = /^(\d{16})-([0-9a-f]{8})\.wal$/;

export const segmentName = (first: number, salt: number): string =>
  `${String(first).padStart(16, '0')}-${salt.toString(16).padStart(8, '0')}.wal`;

/** The segments among a directory's entries, in order. */
export function segmentsAmong(names: readonly string[]): Segment[] {
  const found = names.flatMap((name) => {
    const match = pattern.exec(name);
    return match ? [{ name, first: Number(match[1]), salt: Number.parseInt(match[2]!, 16) }] : [];
  });
  found.sort((a, b) => a.first - b.first);
  return found.map(({ name, first, salt }) => new Segment(name, first, salt));
}

/** A growing set of sequences, kept as runs: gaps are rare. */
class SequenceRuns {
  readonly #runs: { first: number; last: number }[] = [];

  get last(): number {
    return this.#runs.at(-1)?.last ?? 0;
  }

  /** Adds sequences greater than all before. */
  add(first: number, last = first): void {
    const run = this.#runs.at(-1);
    if (run?.last === first - 1) run.last = last;
    else this.#runs.push({ first, last });
  }

  /** How many are greater than the position. */
  countAfter(position: number): number {
    return this.#runs.reduce(
      (sum, { first, last }) => sum + Math.max(0, last - Math.max(first - 1, position)),
      0,
    );
  }
}
