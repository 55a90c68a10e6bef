/** Sequences from one to another that did not come where they should have, and where that was noticed. */
export interface MissingRange {
  readonly from: number;
  readonly to: number;
  readonly file: string;
  readonly line: number;
}

/** The sequences still looked for. */
export class Missing {
  #ranges: MissingRange[] = [];

  get ranges(): readonly MissingRange[] {
    return this.#ranges;
  }

  add(range: MissingRange): void {
    if (range.from <= range.to) this.#ranges.push(range);
  }

  /** Whether the sequence was looked for; from now on it is not. */
  found(sequence: number): boolean {
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
