import type { RecordDefinition, Row } from '@quantumtrade/dal-domain';
import { compareCanonical } from '@quantumtrade/dal-domain';

/** A stored row; an upsert changes what it holds, never its key. */
export interface Entry {
  row: Row;
  version: bigint;
}

/** Compares two rows by timestamp, then by the rest of their key in its order. */
export function readOrder(definition: RecordDefinition): (a: Row, b: Row) => number {
  const rest = definition.key.filter((name) => name !== 'timestamp');
  return (a, b) => {
    const byTime = timeOf(a) - timeOf(b);
    if (byTime !== 0) return byTime;
    for (const name of rest) {
      const order = compareCanonical(a[name]!, b[name]!);
      if (order !== 0) return order;
    }
    return 0;
  };
}

export const timeOf = (row: Row): number => row['timestamp'] as number;

/** Rows of one index value in read order. Rows that arrive out of order are sorted in when they are next read. */
export class Series {
  readonly #order: (a: Row, b: Row) => number;
  readonly #entries: Entry[] = [];
  #sorted = true;

  constructor(order: (a: Row, b: Row) => number) {
    this.#order = order;
  }

  add(entry: Entry): void {
    const last = this.#entries.at(-1);
    this.#sorted &&= last === undefined || this.#order(last.row, entry.row) < 0;
    this.#entries.push(entry);
  }

  /** The rows with `start <= timestamp < end`. */
  rows(start = -Infinity, end = Infinity): Row[] {
    if (!this.#sorted) {
      this.#entries.sort((a, b) => this.#order(a.row, b.row));
      this.#sorted = true;
    }
    return this.#entries.slice(this.#firstFrom(start), this.#firstFrom(end)).map((entry) => entry.row);
  }

  /** Position of the first row at or after an instant. */
  #firstFrom(instant: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (timeOf(this.#entries[middle]!.row) < instant) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
