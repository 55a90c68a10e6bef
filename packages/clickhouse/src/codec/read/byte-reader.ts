/** Reads forward in a whole block. Throws `RangeError` at its end. */
export class ByteReader {
  readonly #bytes: Buffer;
  offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Returns the next bytes, not copied. */
  take(count: number): Buffer {
    const end = this.offset + count;
    if (count < 0 || end > this.#bytes.length) throw new RangeError('a length is out of range');
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
      const byte = this.#bytes[this.offset++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a length is out of range');
  }

  uint64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  /** Reads a string. Throws `RangeError` when it is longer. */
  string(maxBytes: number): string {
    const length = this.varint();
    if (length > maxBytes) throw new RangeError(`a name has ${length} bytes`);
    return this.take(length).toString('utf8');
  }

  /** Steps over strings and returns where each of them starts and ends. */
  places(count: number): Uint32Array {
    const places = new Uint32Array(2 * count);
    for (let i = 0; i < places.length; i += 2) {
      const length = this.varint();
      places[i] = this.offset;
      this.take(length);
      places[i + 1] = this.offset;
    }
    return places;
  }
}
