const MARKER = '\r\n__exception__\r\n';
/** Start of the report of servers without the marker. */
const PLAIN = 'Code: ';

/**
 * Finds the server's report of an error in the body of an answer. Once rows are on their way the status is sent, so the
 * report comes behind them: `\r\n__exception__\r\n`, the tag of the answer's header, `\r\n`, the message, its length and
 * the tag, and the marker again; then the connection is cut. The tag is random, so that no data looks like it.
 */
export class ServerReport {
  readonly #marker: string | undefined;
  /** Start of the report in the pending bytes. */
  #start = -1;
  #searched = 0;

  constructor(tag: string | undefined) {
    this.#marker = tag === undefined ? undefined : MARKER + tag;
  }

  /** Returns how many of the pending bytes are surely no part of a report. */
  dataEnd(pending: Buffer, betweenBlocks: boolean): number {
    if (this.#start >= 0) return this.#start;
    if (this.#marker === undefined) return betweenBlocks ? this.#untaggedEnd(pending) : pending.length;
    this.#start = pending.indexOf(this.#marker, Math.max(0, this.#searched - this.#marker.length), 'latin1');
    this.#searched = pending.length;
    return this.#start >= 0 ? this.#start : pending.length - partAtEnd(pending, this.#marker);
  }

  /** Read as the head of a block, a report would announce columns with names that no table has. */
  #untaggedEnd(pending: Buffer): number {
    for (const start of [MARKER, PLAIN]) {
      const head = pending.toString('latin1', 0, start.length);
      if (head === start) this.#start = 0;
      if (start.startsWith(head)) return 0;
    }
    return pending.length;
  }

  /** To be called when pending bytes were consumed. */
  consumed(count: number): void {
    this.#searched -= count;
    if (this.#start >= 0) this.#start -= count;
  }

  /** Returns the report, when no more bytes are to come. */
  text(pending: Buffer): string | undefined {
    if (this.#start >= 0) return pending.toString('utf8', this.#start);
    if (this.#marker !== undefined) return undefined;
    // The last marker closes the report; the one before opened it, inside a block.
    const start = pending.lastIndexOf(MARKER, pending.length - 2 * MARKER.length, 'latin1');
    return start < 0 ? undefined : pending.toString('utf8', start);
  }
}

/** Returns how many bytes at the end may be the beginning of the marker. */
function partAtEnd(pending: Buffer, marker: string): number {
  const end = pending.toString('latin1', Math.max(0, pending.length - marker.length + 1));
  for (let at = end.indexOf('\r'); at >= 0; at = end.indexOf('\r', at + 1)) {
    if (marker.startsWith(end.slice(at))) return end.length - at;
  }
  return 0;
}
