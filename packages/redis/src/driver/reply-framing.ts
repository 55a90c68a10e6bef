export interface ReplyLimits {
  /** Size of one reply (bytes). */
  readonly maxBytes: number;
}

/** Length of a line, which is a status, an error, a number or a length (bytes). */
const MAX_LINE = 64 * 1024;
/** Number of values in one reply, including those in nested lists. */
const MAX_VALUES = 1_048_576;
const MAX_DEPTH = 16;
const EMPTY = Buffer.alloc(0);
const LF = 10;
const CR = 13;
const MINUS = 45;
const [PLUS, COLON, DOLLAR, STAR] = [43, 58, 36, 42];

/**
 * Validates the framing of a server's replies (RESP 2), not their content. The driver's parser trusts every length and buffers
 * every incomplete reply, so malformed and endless replies must not reach it.
 */
export class ReplyFraming {
  readonly #limits: ReplyLimits;
  /** Bytes of the current text and its line end that have not arrived. */
  #missingBytes = 0;
  /** The beginning of an incomplete line. */
  #line: Buffer = EMPTY;
  /** Number of missing values of each open list, the innermost last. */
  readonly #openLists: number[] = [];
  /** Size of the current reply. */
  #bytes = 0;
  #values = 0;

  constructor(limits: ReplyLimits) {
    this.#limits = limits;
  }

  /** Reads a received chunk. Returns false when it is malformed or exceeds a limit. */
  accept(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length) {
      const from = at;
      if (this.#missingBytes > 0) {
        at += Math.min(this.#missingBytes, chunk.length - at);
        this.#missingBytes -= at - from;
        this.#bytes += at - from;
        if (this.#missingBytes === 0) this.#endValue();
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
      this.#line = EMPTY;
      if (!this.#beginValue(line)) return false;
    }
    return true;
  }

  /** Reads the line that begins a value. */
  #beginValue(line: Buffer): boolean {
    if (line[line.length - 2] !== CR || ++this.#values > MAX_VALUES) return false;
    const type = line[0];
    if (type === PLUS || type === MINUS) return this.#endValue();
    const number = parseInteger(line);
    if (number === undefined) return false;
    if (type === COLON) return this.#endValue();
    if (type === DOLLAR) {
      if (number < 0) return number === -1 && this.#endValue();
      this.#missingBytes = number + 2;
      return this.#bytes + number <= this.#limits.maxBytes;
    }
    if (type !== STAR) return false;
    if (number <= 0) return number >= -1 && this.#endValue();
    this.#openLists.push(number);
    return this.#values + number <= MAX_VALUES && this.#openLists.length <= MAX_DEPTH;
  }

  #endValue(): true {
    while (this.#openLists.length > 0) {
      if (--this.#openLists[this.#openLists.length - 1]! > 0) return true;
      this.#openLists.pop();
    }
    this.#bytes = 0;
    this.#values = 0;
    return true;
  }
}

const isType = (byte: number): boolean =>
  byte === PLUS || byte === MINUS || byte === COLON || byte === DOLLAR || byte === STAR;

/** Parses the integer between a line's type and its end; undefined when it is not one. */
function parseInteger(line: Buffer): number | undefined {
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
