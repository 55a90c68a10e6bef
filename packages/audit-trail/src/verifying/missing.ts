/** Range of sequences missing before a line, which is named by file and number. */
export interface MissingRange {
  readonly from: number;
  readonly to: number;
  readonly file: string;
  readonly line: number;
}

/** Sequences that are missing so far. */
export class MissingSequences {
  #ranges: MissingRange[] = [];

  get ranges(): readonly MissingRange[] {
    return this.#ranges;
  }

  add(range: MissingRange): void {
    if (range.from <= range.to) this.#ranges.push(range);
  }

  /** Removes a sequence that appears later. Returns whether it was missing. */
  remove(sequence: number): boolean {
    const range = this.#ranges.find(({ from, to }) => from <= sequence && sequence <= to);
    if (range === undefined) return false;
    this.#ranges = this.#ranges.flatMap((each) =>
      each === range
        ? [
            { ...range, to: sequence - 1 },
            { ...range, from: sequence + 1 },
          ].filter(({ from, to }) => from <= to)
        : [each],
    );
    return true;
  }
}
