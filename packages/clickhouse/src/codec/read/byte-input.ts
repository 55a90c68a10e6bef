/** A step of parsing that yields while it needs more bytes than have arrived. */
export type Reading<T> = Generator<void, T, void>;

/** A typed array of numbers. */
export interface ArrayClass<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A;
}

/** Chunk of an answer that is being read. */
export class ByteInput {
  bytes: Buffer = Buffer.alloc(0);
  offset = 0;

  get available(): number {
    return this.bytes.length - this.offset;
  }

  /** Reads a number below 128. Returns undefined, and has read nothing, where the next number is greater or missing. */
  smallNumber(): number | undefined {
    const byte = this.bytes[this.offset]!;
    if (!(byte < 0x80)) return undefined;
    this.offset++;
    return byte;
  }

  /**
   * Reads an array whose bytes are all in the chunk: a view of the chunk where they are aligned for any array, else a copy.
   * Returns undefined, and has read nothing, where some are missing.
   */
  take<A>(type: ArrayClass<A>, length: number): A | undefined {
    const { bytes, offset } = this;
    const end = offset + length * type.BYTES_PER_ELEMENT;
    if (end > bytes.length) return undefined;
    this.offset = end;
    const buffer = bytes.buffer as ArrayBuffer;
    const start = bytes.byteOffset + offset;
    if (start % ALIGNMENT === 0) return new type(buffer, start, length);
    return new type(buffer.slice(start, bytes.byteOffset + end), 0, length);
  }
}

/** Size of a column that is allocated before its bytes have arrived, whatever the answer announces. */
export const TRUSTED_BYTES = 2 ** 21;
/** Largest alignment that an array of numbers needs. */
const ALIGNMENT = 8;
/** Maximum number of values in a column: positions are 32-bit integers. */
const MAX_VALUES = 2 ** 31 - 1;

/** Returns a count of values that a block announces. Throws `RangeError` above the maximum. */
export function checkCount(count: number): number {
  if (count > MAX_VALUES) throw new RangeError(`a column has ${count} values`);
  return count;
}

/** Reads a number of up to 53 bits. */
export function* readVarint(input: ByteInput): Reading<number> {
  let value = 0;
  for (let unit = 1; unit < 2 ** 56; unit *= 0x80) {
    while (input.offset === input.bytes.length) yield;
    const byte = input.bytes[input.offset++]!;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return value;
  }
  throw new RangeError('a length is out of range');
}

/** Reads a UInt64, which loses digits above 2^53. */
export function* readUint64(input: ByteInput): Reading<number> {
  const bytes = yield* readBytes(input, 8);
  return Number(bytes.readBigUInt64LE());
}

/** Reads the name of a column or type. Throws `RangeError` for a longer one before it arrives. */
export function* readName(input: ByteInput, maxBytes: number): Reading<string> {
  const length = yield* readVarint(input);
  if (length > maxBytes) throw new RangeError(`a name has ${length} bytes`);
  const start = input.offset;
  if (input.available < length) return (yield* readBytes(input, length)).toString('utf8');
  input.offset += length;
  return input.bytes.toString('utf8', start, start + length);
}

/** Reads bytes, aligned for any typed array. Memory grows with the bytes that arrive, not with those that are announced. */
export function* readBytes(input: ByteInput, count: number): Reading<Buffer> {
  const whole = input.take(Uint8Array, count);
  if (whole) return Buffer.from(whole.buffer, whole.byteOffset, count);
  let target: Buffer = Buffer.allocUnsafeSlow(Math.min(count, Math.max(TRUSTED_BYTES, input.available)));
  let filled = 0;
  for (;;) {
    const taken = Math.min(count - filled, input.available);
    if (filled + taken > target.length) target = grown(target, filled, filled + taken, count);
    filled += input.bytes.copy(target, filled, input.offset, input.offset + taken);
    input.offset += taken;
    if (filled === count) return target;
    yield;
  }
}

/** Returns a copy of the first `used` bytes, with memory for at least `needed`. */
export function grown(bytes: Buffer, used: number, needed: number, atMost = Infinity): Buffer {
  const target = Buffer.allocUnsafeSlow(Math.min(atMost, Math.max(needed, 2 * bytes.length)));
  bytes.copy(target, 0, 0, used);
  return target;
}
