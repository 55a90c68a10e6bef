/** What a server may send at most before it is no Redis any more. */
export interface ReplyLimits {
  /** Bytes of one reply. */
  readonly maxBytes: number;
}

/** The longest line: a status, an error, a number or a length. */
const MAX_LINE = 64 * 1024;
/** Values in one reply, those in lists of lists together. */
const MAX_VALUES = 1_048_576;
const MAX_DEPTH = 16;
const NOTHING = Buffer.alloc(0);
const LF = 10;
const CR = 13;
const MINUS = 45;
const [PLUS, COLON, DOLLAR, STAR] = [43, 58, 36, 42];

/**
 * Follows the frames of a server's replies (RESP 2) without looking at what is in them, so that the driver's parser, which believes
 * every length and keeps what is not yet whole, is given nothing that is malformed or has no end.
 */
export class ReplyFraming {
  readonly #limits: ReplyLimits;
  /** Bytes of a text, and of its end, that are still to come. */
  #rest = 0;
  /** A line that has begun. */
  #line: Buffer = NOTHING;
  /** Of each list that has begun, how many values are still to come, the innermost last. */
  readonly #lists: number[] = [];
  /** Of the reply that has begun. */
  #bytes = 0;
  #values = 0;

  constructor(limits: ReplyLimits) {
    this.#limits = limits;
  }

  /** Takes what was received; false when that cannot be, or not within the limits, of a Redis. */
  accept(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length) {
      const from = at;
      if (this.#rest > 0) {
        at += Math.min(this.#rest, chunk.length - at);
        this.#rest -= at - from;
        this.#bytes += at - from;
        if (this.#rest === 0) this.#endValue();
        continue;
      }
      const end = chunk.indexOf(LF, at);
      at = end < 0 ? chunk.length : end + 1;
      this.#bytes += at - from;
      if (this.#bytes > this.#limits.maxBytes || this.#line.length + at - from > MAX_LINE) return false;
      const part = chunk.subarray(from, at);
      const line = this.#line.length > 0 ? Buffer.concat([this.#line, part]) : part;
      if (end < 0) {
        if (!isType(line[0]!)) return false;
        this.#line = Buffer.from(line);
        return true;
      }
      this.#line = NOTHING;
      if (!this.#begin(line)) return false;
    }
    return true;
  }

  /** Takes the line that begins a value. */
  #begin(line: Buffer): boolean {
    if (line[line.length - 2] !== CR || ++this.#values > MAX_VALUES) return false;
    const type = line[0];
    if (type === PLUS || type === MINUS) return this.#endValue();
    const number = numberOf(line);
    if (number === undefined) return false;
    if (type === COLON) return this.#endValue();
    if (type === DOLLAR) {
      if (number < 0) return number === -1 && this.#endValue();
      this.#rest = number + 2;
      return this.#bytes + number <= this.#limits.maxBytes;
    }
    if (type !== STAR) return false;
    if (number <= 0) return number >= -1 && this.#endValue();
    this.#lists.push(number);
    return this.#values + number <= MAX_VALUES && this.#lists.length <= MAX_DEPTH;
  }

  #endValue(): true {
    while (this.#lists.length > 0) {
      if (--this.#lists[this.#lists.length - 1]! > 0) return true;
      this.#lists.pop();
    }
    this.#bytes = 0;
    this.#values = 0;
    return true;
  }
}

const isType = (byte: number): boolean =>
  byte === PLUS || byte === MINUS || byte === COLON || byte === DOLLAR || byte === STAR;

/** The whole number between a line's type and its end. */
function numberOf(line: Buffer): number | undefined {
  const end = line.length - 2;
  const isNegative = line[1] === MINUS;
  const from = isNegative ? 2 : 1;
  if (from >= end || end - from > 20) return undefined;
  let number = 0;
  for (let i = from; i < end; i++) {
    const digit = line[i]! - 48;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return isNegative ? -number : number;
}
