const COUNTERS = 16_384;

/**
 * Tells whether anything happened to a key between two moments, and whether it was done here. Keys share counters, so that
 * memory is bounded: two keys of one counter only cost a value that might have been kept.
 */
export class Versions {
  readonly #changes = new Float64Array(COUNTERS);
  readonly #writes = new Float64Array(COUNTERS);
  #changesOfAll = 0;
  #writesOfAll = 0;

  /** Grows with every change of the key and of everything: the same twice means that nothing happened in between. */
  of(key: string): number {
    return this.#changesOfAll + this.#changes[counterOf(key)]!;
  }

  /** As `of`, but only with what was written here. */
  writesOf(key: string): number {
    return this.#writesOfAll + this.#writes[counterOf(key)]!;
  }

  changed(key: string): void {
    this.#changes[counterOf(key)]!++;
  }

  allChanged(): void {
    this.#changesOfAll++;
  }

  /** A write is a change, too. */
  written(key: string): void {
    const counter = counterOf(key);
    this.#changes[counter]!++;
    this.#writes[counter]!++;
  }

  allWritten(): void {
    this.#changesOfAll++;
    this.#writesOfAll++;
  }
}

function counterOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 16)) & (COUNTERS - 1);
}
