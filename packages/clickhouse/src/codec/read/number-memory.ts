/** Memory for the numbers that the columns of one answer are converted to. */
export interface NumberMemory {
  take(length: number): Float64Array;
}

/** Memory that is used again for the next rows: those before have copies of its numbers. */
export class ScratchMemory implements NumberMemory {
  #array: Float64Array | undefined;

  take(length: number): Float64Array {
    if (!this.#array || this.#array.length < length) return (this.#array = new Float64Array(length));
    return this.#array.subarray(0, length);
  }
}

/** Answers of fewer rows are joined as fast. */
const MIN_ROWS = 4_096;
/** Rows that memory is taken for before they arrive, whatever the caller's limit is. */
const MAX_ROWS = 2 ** 20;

/** Memory in which the numbers of one column lie one block behind the other, so that `joinArrays` need not copy them. */
export class ColumnMemory implements NumberMemory {
  readonly #rows: number;
  #free: Float64Array | undefined;

  /** @param rows - most rows of the answer */
  constructor(rows: number) {
    this.#rows = Math.min(rows, MAX_ROWS);
  }

  take(length: number): Float64Array {
    if (!this.#free && length >= MIN_ROWS && length < this.#rows) this.#free = new Float64Array(this.#rows);
    const free = this.#free;
    if (!free || free.length < length) return new Float64Array(length);
    this.#free = free.subarray(length);
    return free.subarray(0, length);
  }
}
