const MARKER = '\r\n__exception__\r\n';
/** Report of a server that sends no marker. */
const UNMARKED = /Code: \d+[.,] (?:e\.displayText\(\) = )?DB::\w*Exception: [\s\S]*/;
const NOTHING = Buffer.alloc(0);

/**
 * Finds the server's report of an error in the body of an answer. Once rows are on their way the status is sent, so the
 * report comes behind them: `\r\n__exception__\r\n`, the tag of the answer's header, `\r\n`, the message, its length and
 * the tag, and the marker again; then the connection is cut. The tag is random, so that no data looks like it.
 */
export class ReportFinder {
  readonly #marker: string | undefined;
  readonly #maxBytes: number;
  /** Bytes at the end of the chunks so far that may be the beginning of the marker. */
  #held: Buffer = NOTHING;
  #isFound = false;
  /** The report; without a tag the end of the answer, which may have one. */
  #end: Buffer[] = [];
  #endBytes = 0;

  /** @param maxBytes - length of the longest report */
  constructor(tag: string | undefined, maxBytes: number) {
    this.#marker = tag === undefined ? undefined : MARKER + tag;
    this.#maxBytes = maxBytes;
  }

  /** Whether a report has begun. Without a tag, that is not known. */
  get isFound(): boolean {
    return this.#isFound;
  }

  /** Takes the next chunk. Returns what is surely no part of a report; without a tag, all of it. */
  dataOf(chunk: Buffer): Buffer {
    if (this.#marker === undefined || this.#isFound) {
      this.#keep(chunk);
      return this.#isFound ? NOTHING : chunk;
    }
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    let end = bytes.indexOf(this.#marker, 0, 'latin1');
    this.#isFound = end >= 0;
    if (this.#isFound) {
      this.#keep(bytes.subarray(end));
      this.#held = NOTHING;
    } else {
      end = bytes.length - partAtEnd(bytes, this.#marker);
      this.#held = bytes.subarray(end);
    }
    return bytes.subarray(0, end);
  }

  /** Returns the data that was held back, when no more is to come. */
  rest(): Buffer {
    return this.#held;
  }

  /**
   * Returns the report, when no more is to come. Without a tag, the text is only a report if the answer cannot be read to its end.
   */
  text(): string | undefined {
    if (this.#marker !== undefined && !this.#isFound) return undefined;
    const end = Buffer.concat(this.#end);
    if (this.#isFound) return end.toString('utf8');
    // The last marker closes the report; the one before opened it, inside a block.
    const start = end.lastIndexOf(MARKER, end.length - 2 * MARKER.length, 'latin1');
    return start >= 0 ? end.toString('utf8', start) : UNMARKED.exec(textAtEnd(end))?.[0];
  }

  #keep(chunk: Buffer): void {
    this.#end.push(chunk);
    this.#endBytes += chunk.length;
    while (this.#endBytes - this.#end[0]!.length >= this.#maxBytes)
      this.#endBytes -= this.#end.shift()!.length;
  }
}

/** Returns how many bytes at the end may be the beginning of the marker. */
function partAtEnd(bytes: Buffer, marker: string): number {
  const end = bytes.toString('latin1', Math.max(0, bytes.length - marker.length + 1));
  for (let at = end.indexOf('\r'); at >= 0; at = end.indexOf('\r', at + 1)) {
    if (marker.startsWith(end.slice(at))) return end.length - at;
  }
  return 0;
}

/** Returns the end of the bytes that is text. Data in Native format has other bytes. */
function textAtEnd(bytes: Buffer): string {
  let start = bytes.length;
  while (start > 0 && isTextByte(bytes[start - 1]!)) start--;
  return bytes.toString('utf8', start);
}

/** Whether a byte is part of a text: tab, line feed, carriage return, or no control character. */
const isTextByte = (byte: number): boolean => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
