const COUNTERS = 4_096;

/**
 * Counts the writes of each key, so that a value which was loaded while its key was being written is not cached. Keys share
 * counters: two keys of one counter only cost a value that might have been cached.
 */
export class WriteCounts {
  readonly #counts = new Uint32Array(COUNTERS);

  of(key: string): number {
    return this.#counts[counterOf(key)]!;
  }

  /** To be called before the store is written and again after it. */
  count(keys: Iterable<string> | 'all'): void {
    if (keys === 'all') for (let i = 0; i < COUNTERS; i++) this.#counts[i]!++;
    else for (const key of keys) this.#counts[counterOf(key)]!++;
  }
}

function counterOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return hash & (COUNTERS - 1);
}
