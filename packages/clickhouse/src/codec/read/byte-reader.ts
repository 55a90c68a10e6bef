/** More bytes are needed before the block can be read on. */
export class Incomplete extends Error {
  /** @param missing - bytes to wait for before the next try */
  constructor(readonly missing: number) {
    super('the block goes on in the next chunk');
  }
}

/** Reads forward in a piece of an answer. Throws {@link Incomplete} at its end. */
export class ByteReader {
  readonly #bytes: Buffer;
  offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Returns the next bytes, not copied. */
  take(count: number): Buffer {
    if (count < 0) throw new RangeError('a length is out of range');
    const end = this.offset + count;
    if (end > this.#bytes.length) throw new Incomplete(end - this.#bytes.length);
    const taken = this.#bytes.subarray(this.offset, end);
    this.offset = end;
    return taken;
  }

  /** Returns the bytes read since this offset, not copied. */
  since(offset: number): Buffer {
    return this.#bytes.subarray(offset, this.offset);
  }

  /** Returns a copy of the next bytes, aligned for any typed array. */
  copy(count: number): ArrayBuffer {
    const taken = this.take(count);
    const copied = new ArrayBuffer(count);
    new Uint8Array(copied).set(taken);
    return copied;
  }

  /** Reads a number of up to 53 bits. */
  varint(): number {
    let value = 0;
    for (let unit = 1; unit < 2 ** 56; unit *= 0x80) {
      if (this.offset >= this.#bytes.length) throw new Incomplete(1);
      const byte = this.#bytes[this.offset++]!;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a length is out of range');
  }

  uint64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  /** Reads a string. Throws `RangeError` when it is longer, without waiting for it. */
  string(maxBytes: number): string {
    const length = this.varint();
    if (length > maxBytes) throw new RangeError(`a name has ${length} bytes`);
    return this.take(length).toString('utf8');
  }

  /** Steps over strings and returns where each of them starts and ends, counted from here. */
  strings(count: number): { bytes: Buffer; starts: Uint32Array; ends: Uint32Array } {
    const first = this.offset;
    const bytes = this.#bytes;
    if (first + count > bytes.length) throw new Incomplete(first + count - bytes.length);
    const starts = new Uint32Array(count);
    const ends = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      // What is missing grows with what was read in vain, so that all tries together take no longer than two or three.
      if (this.offset >= bytes.length) throw new Incomplete(Math.max(count - i, (this.offset - first) / 2));
      const length = this.varint();
      starts[i] = this.offset - first;
      this.offset += length;
      ends[i] = this.offset - first;
    }
    if (this.offset > bytes.length) throw new Incomplete(this.offset - bytes.length);
    return { bytes: Buffer.from(bytes.subarray(first, this.offset)), starts, ends };
  }
}
