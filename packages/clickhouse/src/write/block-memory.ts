/** Smaller blocks cost less to allocate than to keep. */
const SMALLEST_BYTES = 2 ** 16;
/** The most that is kept for blocks to come. */
const KEPT_BYTES = 2 ** 26;

/**
 * The memory of blocks, used again once a block is stored: fresh memory costs more than writing to it, and the process
 * collects all its garbage anew with every few dozen megabytes of it.
 */
export class BlockMemory {
  /** By size, which is a power of two. */
  readonly #free = new Map<number, ArrayBuffer[]>();
  #freeBytes = 0;
  readonly #rowCounts = new WeakMap<Uint8Array, number>();

  /** Memory with anything in it. */
  allocate(byteLength: number): Buffer {
    if (byteLength < SMALLEST_BYTES) return Buffer.allocUnsafeSlow(byteLength);
    const size = 2 ** Math.ceil(Math.log2(byteLength));
    const memory = this.#free.get(size)?.pop();
    if (memory) this.#freeBytes -= size;
    return Buffer.from(memory ?? Buffer.allocUnsafeSlow(size).buffer, 0, byteLength);
  }

  /** Remembers that these bytes, made here, are a block of so many rows. */
  vouch(bytes: Uint8Array, rowCount: number): void {
    this.#rowCounts.set(bytes, rowCount);
  }

  /** The number of rows of a block made here. Other bytes may have been kept anywhere. */
  rowCount(bytes: Uint8Array): number | undefined {
    return this.#rowCounts.get(bytes);
  }

  /** Takes back what {@link allocate} gave, once. */
  release(bytes: Buffer): void {
    if (!this.#rowCounts.delete(bytes)) return;
    const memory = bytes.buffer as ArrayBuffer;
    const size = memory.byteLength;
    if (size < SMALLEST_BYTES || this.#freeBytes + size > KEPT_BYTES) return;
    const free = this.#free.get(size);
    if (free) free.push(memory);
    else this.#free.set(size, [memory]);
    this.#freeBytes += size;
  }
}
