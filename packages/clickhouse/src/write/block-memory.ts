import type { KeyedRows } from '../codec/block-columns.js';

/** A block that was encoded here. */
interface OwnBlock {
  readonly rowCount: number;
  /** The shard of every row. */
  readonly shard: number;
  /** The keys and versions of its rows, where they were kept. */
  readonly keyedRows: KeyedRows | undefined;
}

/** Smaller blocks cost less to allocate than to keep. */
const SMALLEST_BYTES = 2 ** 16;
/** Bytes that are kept for blocks to come. */
const KEPT_BYTES = 2 ** 26;

/**
 * The memory of blocks, used again once a block is stored: fresh memory costs more than writing to it, and the process
 * collects all its garbage anew with every few dozen megabytes of it.
 */
export class BlockMemory {
  /** Free memory by size, which is a power of two. */
  readonly #free = new Map<number, ArrayBuffer[]>();
  #freeBytes = 0;
  readonly #blocks = new WeakMap<Uint8Array, OwnBlock>();

  /** Returns memory with any content. */
  allocate(byteLength: number): Buffer {
    if (byteLength < SMALLEST_BYTES) return Buffer.allocUnsafeSlow(byteLength);
    const size = 2 ** Math.ceil(Math.log2(byteLength));
    const memory = this.#free.get(size)?.pop();
    if (memory) this.#freeBytes -= size;
    return Buffer.from(memory ?? Buffer.allocUnsafeSlow(size).buffer, 0, byteLength);
  }

  /** Registers bytes that were encoded here as a block of so many rows of a shard. */
  register(bytes: Uint8Array, rowCount: number, shard: number, keyedRows?: KeyedRows): void {
    this.#blocks.set(bytes, { rowCount, shard, keyedRows });
  }

  /** Returns a registered block; undefined for other bytes, which may come from anywhere. */
  find(bytes: Uint8Array): OwnBlock | undefined {
    return this.#blocks.get(bytes);
  }

  /** Takes back the memory of a registered block, once. */
  release(bytes: Buffer): void {
    if (!this.#blocks.delete(bytes)) return;
    const memory = bytes.buffer as ArrayBuffer;
    const size = memory.byteLength;
    if (size < SMALLEST_BYTES || this.#freeBytes + size > KEPT_BYTES) return;
    const free = this.#free.get(size);
    if (free) free.push(memory);
    else this.#free.set(size, [memory]);
    this.#freeBytes += size;
  }
}
