/** One month: counted from the year 0, and its instants in epoch milliseconds, the end excluded. */
export interface Month {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** Finds the months of instants. Remembers the last one, since instants come in runs. */
export class Months {
  #last: Month = { number: NaN, start: Infinity, end: -Infinity };

  of(epochMs: number): Month {
    if (epochMs >= this.#last.start && epochMs < this.#last.end) return this.#last;
    const date = new Date(epochMs);
    const year = date.getUTCFullYear();
    const month = date.getUTCMonth();
    this.#last = {
      number: 12 * year + month,
      start: Date.UTC(year, month),
      end: Date.UTC(year, month + 1),
    };
    return this.#last;
  }
}
