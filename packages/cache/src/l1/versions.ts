const COUNTERS = 16_384;

/**
 * Tells whether anything happened to a key between two moments. Keys share counters, so that memory is bounded: two keys
 * of one counter only cost a value that might have been kept.
 */
export class Versions {
  readonly #counts = new Float64Array(COUNTERS);
  #epoch = 0;

  /** Grows with every change of the key and of everything: the same twice means that nothing happened in between. */
  of(key: string): number {
    return this.#epoch + this.#counts[counterOf(key)]!;
  }

  changed(key: string): void {
    this.#counts[counterOf(key)]!++;
  }

  allChanged(): void {
    this.#epoch++;
  }
}

function counterOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 16)) & (COUNTERS - 1);
}
