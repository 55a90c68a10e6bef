/** After this many blocks that were split at once, one is tried whole: the limit may have been raised. */
const TRY_AGAIN_AFTER = 100;

interface Refused {
  size: number;
  splits: number;
}

/**
 * For each table the size from which on blocks are refused as too large, so that later ones are split without being sent.
 * A size counts when the same rows were accepted in parts: then it was the size that was refused, and not a row.
 */
export class RefusedSizes {
  readonly #byTable = new Map<string, Refused>();

  /** Whether a block of this size is to be split at once. */
  isTooLarge(table: string, size: number): boolean {
    const refused = this.#byTable.get(table);
    if (!refused || size < refused.size) return false;
    refused.splits++;
    return refused.splits % TRY_AGAIN_AFTER !== 0;
  }

  acceptedInParts(table: string, size: number): void {
    const refused = this.#byTable.get(table);
    if (!refused) this.#byTable.set(table, { size, splits: 0 });
    else if (size < refused.size) refused.size = size;
  }

  accepted(table: string, size: number): void {
    const refused = this.#byTable.get(table);
    if (refused && size >= refused.size) this.#byTable.delete(table);
  }
}
