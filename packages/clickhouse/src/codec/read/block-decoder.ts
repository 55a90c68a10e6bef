import { MAX_REPORT_BYTES, parseReport } from '../../connection/server-errors.js';
import { BrokenAnswerError } from './decode-errors.js';
import type { DecodedBlock } from './block-parser.js';
import { BlockParser } from './block-parser.js';

const MARKER = '\r\n__exception__\r\n';
/** Report of a server that sends no marker. */
const UNMARKED = /Code: \d+[.,] (?:e\.displayText\(\) = )?DB::\w*Exception: [\s\S]*/;
const CARRIAGE_RETURN = 0x0d;
const NOTHING = Buffer.alloc(0);

export interface DecodeOptions {
  /**
   * The answer's header `X-ClickHouse-Exception-Tag`. With it, an error of the server is found before any of it is taken for data.
   * Without it, an error is looked for where the answer cannot be read to its end, and each block is only returned when what
   * comes behind it is a block too.
   */
  readonly exceptionTag?: string | undefined;
}

/**
 * Decodes the answer to `SELECT … FORMAT Native`, however its bytes are cut into chunks, and gives its blocks in order. Columns may be
 * views of the chunks, which must stay as they are.
 *
 * Throws `ServerError` when the server reports an error behind its HTTP 200, `BrokenAnswerError` when the answer ends too early or
 * cannot be read, and `NotUtf8Error` for strings that are not UTF-8.
 */
export class BlockDecoder {
  readonly #give: (block: DecodedBlock) => void;
  readonly #isTagged: boolean;
  readonly #report: ReportFinder;
  /** Created with the first chunk: an answer without rows has none. */
  #parser: BlockParser | undefined;
  /** Last block of an answer without a tag. Part of an error may have completed it. */
  #held: DecodedBlock | undefined;
  #broken: Error | undefined;
  /** Bytes that came after those that cannot be read. */
  #bytesBehind = 0;

  constructor({ exceptionTag }: DecodeOptions, give: (block: DecodedBlock) => void) {
    this.#give = give;
    this.#isTagged = exceptionTag !== undefined;
    this.#report = new ReportFinder(exceptionTag, MAX_REPORT_BYTES);
  }

  /** Takes the next chunk, and gives the blocks that it completes. */
  take(chunk: Uint8Array): void {
    const data = this.#report.dataOf(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (this.#broken) {
      this.#bytesBehind += chunk.length;
      if (this.#bytesBehind < MAX_REPORT_BYTES) return;
      throw this.errorOf(this.#broken);
    }
    let blocks: DecodedBlock[];
    try {
      this.#parser ??= new BlockParser();
      blocks = this.#parser.push(data);
    } catch (error) {
      if (this.#isTagged) throw this.errorOf(error);
      // Part of an error may be what cannot be read; the rest of it is to come.
      this.#broken = error as Error;
      return;
    }
    for (const block of blocks) {
      if (this.#isTagged) this.#give(block);
      else {
        if (this.#held) this.#give(this.#held);
        this.#held = block;
      }
    }
  }

  /** Gives the rest of the blocks, at the end of the answer. */
  end(): void {
    const { held, isFound } = this.#report;
    let blocks: readonly DecodedBlock[] = [];
    try {
      if (this.#parser && held.length > 0) blocks = this.#parser.push(held);
    } catch (error) {
      this.#broken = error as Error;
    }
    const broken = this.#broken ?? this.#parser?.end();
    if (broken || isFound) {
      throw this.errorOf(broken ?? new BrokenAnswerError('ends in the middle of an error'));
    }
    for (const block of this.#held ? [this.#held] : blocks) this.#give(block);
  }

  /** Returns the error of an answer that failed: what the server reports at its end, else what cannot be read, else this error. */
  errorOf(error: unknown): unknown {
    const text = this.#report.text();
    return (text === undefined ? undefined : parseReport(text)) ?? this.#broken ?? error;
  }
}

/** Decodes the chunks of an answer like {@link BlockDecoder}. Throws what the chunks throw, unless the server reports an error. */
export async function* decodeBlocks(
  chunks: AsyncIterable<Uint8Array>,
  options: DecodeOptions = {},
): AsyncGenerator<DecodedBlock, void, undefined> {
  const complete: DecodedBlock[] = [];
  const decoder = new BlockDecoder(options, (block) => complete.push(block));
  try {
    for await (const chunk of chunks) {
      decoder.take(chunk);
      yield* complete.splice(0);
    }
  } catch (error) {
    throw decoder.errorOf(error);
  }
  decoder.end();
  yield* complete;
}

/** Reads bytes that are one whole block. Throws `BrokenAnswerError` for any others. */
export function decodeWholeBlock(bytes: Uint8Array): DecodedBlock {
  const parser = new BlockParser();
  const blocks = parser.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const broken = parser.end();
  if (broken) throw broken;
  if (blocks.length !== 1) throw new BrokenAnswerError(`has ${blocks.length} blocks`);
  return blocks[0]!;
}

/**
 * Finds the server's report of an error in the body of an answer. Once rows are on their way the status is sent, so the
 * report comes behind them: `\r\n__exception__\r\n`, the tag of the answer's header, `\r\n`, the message, its length and
 * the tag, and the marker again; then the connection is cut. The tag is random, so that no data looks like it.
 */
class ReportFinder {
  readonly #marker: string | undefined;
  readonly #maxBytes: number;
  /** Bytes at the end of the chunks so far that may be the beginning of the marker: data, when no more is to come. */
  held: Buffer = NOTHING;
  /** Whether a report has begun. Without a tag, that is not known. */
  isFound = false;
  /** The report; without a tag the end of the answer, which may have one. */
  #end: Buffer[] = [];
  #endBytes = 0;

  /** @param maxBytes - length of the longest report */
  constructor(tag: string | undefined, maxBytes: number) {
    this.#marker = tag === undefined ? undefined : MARKER + tag;
    this.#maxBytes = maxBytes;
  }

  /** Takes the next chunk. Returns what is surely no part of a report; without a tag, all of it. */
  dataOf(chunk: Buffer): Buffer {
    if (this.#marker === undefined || this.isFound) {
      this.#keep(chunk);
      return this.isFound ? NOTHING : chunk;
    }
    const bytes = this.held.length > 0 ? Buffer.concat([this.held, chunk]) : chunk;
    let end = bytes.indexOf(this.#marker, 0, 'latin1');
    this.isFound = end >= 0;
    if (this.isFound) {
      this.#keep(bytes.subarray(end));
      this.held = NOTHING;
    } else {
      end = bytes.length - partAtEnd(bytes, this.#marker);
      this.held = bytes.subarray(end);
    }
    return bytes.subarray(0, end);
  }

  /**
   * Returns the report, when no more is to come. Without a tag, the text is only a report if the answer cannot be read to its end.
   */
  text(): string | undefined {
    if (this.#marker !== undefined && !this.isFound) return undefined;
    const end = Buffer.concat(this.#end);
    if (this.isFound) return end.toString('utf8');
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
  const from = Math.max(0, bytes.length - marker.length + 1);
  if (!bytes.includes(CARRIAGE_RETURN, from)) return 0;
  const end = bytes.toString('latin1', from);
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
