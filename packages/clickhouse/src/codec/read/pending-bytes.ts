const INITIAL_SIZE = 2 ** 16;

/** Bytes that have arrived and are not read yet, in one piece. */
export class PendingBytes {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_SIZE);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) this.#reserve(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Returns the bytes up to this position; they change with the next {@link append}. */
  upTo(end = this.length): Buffer {
    return this.#bytes.subarray(this.#start, this.#start + end);
  }

  consume(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    const target =
      needed <= this.#bytes.length / 2
        ? this.#bytes
        : Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(target, 0, this.#start, this.#end);
    this.#bytes = target;
    this.#end = this.length;
    this.#start = 0;
  }
}
