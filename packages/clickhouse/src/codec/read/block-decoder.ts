import { MAX_REPORT_BYTES, parseReport, type ServerError } from '../../connection/server-errors.js';
import { BrokenAnswerError } from './answer-errors.js';
import type { DecodedBlock } from './block-parser.js';
import { BlockParser } from './block-parser.js';
import { ReportFinder } from './report-finder.js';

export interface DecodeOptions {
  /**
   * The answer's header `X-ClickHouse-Exception-Tag`. With it, an error of the server is found before any of it is taken for data.
   * Without it, an error is looked for where the answer cannot be read to its end, and each block is only returned when what
   * comes behind it is a block too.
   */
  readonly exceptionTag?: string | undefined;
}

/**
 * Reads the answer to `SELECT … FORMAT Native`, however its bytes are cut into chunks. Columns may be views of the chunks, which
 * must stay as they are.
 *
 * Throws `ServerError` when the server reports an error behind its HTTP 200, `BrokenAnswerError` when the answer ends too early or
 * cannot be read, `NotUtf8Error` for strings that are not UTF-8, and otherwise what the chunks throw.
 */
export async function* decodeBlocks(
  chunks: AsyncIterable<Uint8Array>,
  { exceptionTag }: DecodeOptions = {},
): AsyncGenerator<DecodedBlock, void, undefined> {
  const parser = new BlockParser();
  const report = new ReportFinder(exceptionTag, MAX_REPORT_BYTES);
  /** Last block of an answer without a tag. Part of an error may have completed it. */
  let held: DecodedBlock | undefined;
  let broken: Error | undefined;
  /** Bytes that came after those that cannot be read. */
  let bytesBehind = 0;
  try {
    for await (const chunk of chunks) {
      const data = report.dataOf(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      if (broken) {
        bytesBehind += chunk.length;
        if (bytesBehind < MAX_REPORT_BYTES) continue;
        break;
      }
      try {
        for (const block of parser.push(data)) {
          if (exceptionTag !== undefined) yield block;
          else {
            if (held) yield held;
            held = block;
          }
        }
      } catch (error) {
        if (exceptionTag !== undefined) throw error;
        // Part of an error may be what cannot be read; the rest of it is to come.
        broken = error as Error;
      }
    }
    yield* parser.push(report.rest());
  } catch (error) {
    // A server that reports an error cuts the connection.
    throw reportedError(report) ?? broken ?? error;
  }
  broken ??= parser.end();
  if (broken || report.isFound) {
    throw reportedError(report) ?? broken ?? new BrokenAnswerError('ends in the middle of an error');
  }
  if (held) yield held;
}

/** Reads bytes that are one whole block. Throws `BrokenAnswerError` for any others. */
export function decodeWholeBlock(bytes: Uint8Array): DecodedBlock {
  const parser = new BlockParser();
  const blocks = [...parser.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))];
  const broken = parser.end();
  if (broken) throw broken;
  if (blocks.length !== 1) throw new BrokenAnswerError(`has ${blocks.length} blocks`);
  return blocks[0]!;
}

function reportedError(report: ReportFinder): ServerError | undefined {
  const text = report.text();
  return text === undefined ? undefined : parseReport(text);
}
