import { isUtf8 } from 'node:buffer';
import { NotUtf8Error } from '../codec/read/answer-errors.js';
import { BrokenMessageError, TooManyRowsError } from './answer-errors.js';
import { Body, type Answer } from './body.js';
import { isSuccess } from './call.js';
import { exceptionTag, summaryCounts, type ReadLimits } from './database-sql.js';
import { readFailure } from './failure.js';
import { MAX_REPORT_BYTES, parseReport, type ServerError } from './server-errors.js';

const NEWLINE = 0x0a;
/** The end of the array on a line of its own. */
const LAST = /(^|\n)\]\s*$/;

/**
 * Reads an answer of `FORMAT JSONEachRow` with `output_format_json_array_of_rows = 1`: a line `[`, one line for each row, and a
 * line `]`. The last line proves that the end of the answer arrived, however the connection marks the end of the body and whatever
 * a gateway made of a connection that it lost; the count in the head proves that no line before it was dropped, as far as the rows
 * were counted when the head was sent (all of a result that fits the server's buffer).
 *
 * Throws the server's error as a `ServerError` also when it comes behind rows, `BrokenMessageError` for an incomplete answer, and `NotUtf8Error` for a row that cannot be read as it is. Rows are returned as parsed unless `convert` is given.
 */
export async function readJsonRows<T>(
  answer: Answer,
  signal: AbortSignal,
  { maxRows, maxBytes }: ReadLimits,
  convert: ((json: unknown) => T) | undefined,
): Promise<T[]> {
  if (!isSuccess(answer)) throw await readFailure(answer, signal);
  const parser = new RowParser(maxRows, convert);
  let cut: unknown;
  try {
    for await (const chunk of new Body(answer, signal, { maxBytes })) parser.push(chunk as Buffer);
  } catch (error) {
    cut = error;
  }
  signal.throwIfAborted();
  const rest = parser.end();
  if (rest !== undefined) {
    const error = reportIn(rest, markerOf(answer));
    if (error) throw error;
  }
  if (cut !== undefined) throw cut;
  if (rest !== undefined) throw new BrokenMessageError('the answer ends before its last row');
  const { rows } = parser;
  const sent = Number(summaryCounts(answer)['result_rows']);
  if (rows.length < sent) {
    throw new BrokenMessageError(`the answer has ${rows.length} of the ${sent} rows that the server sent`);
  }
  return rows;
}

/** Returns what opens the server's report of an error behind rows; undefined for servers that do not mark it. */
function markerOf(answer: Answer): string | undefined {
  const tag = exceptionTag(answer);
  return tag === undefined ? undefined : `__exception__\r\n${tag}`;
}

/** Returns the error that the server reports behind rows. With a marker, only text behind it counts as a report. */
function reportIn(rest: string, marker: string | undefined): ServerError | undefined {
  const start = marker === undefined ? startOfReport(rest) : rest.indexOf(marker);
  return start < 0 ? undefined : parseReport(rest.slice(start));
}

/** Returns the start of the first line that is no row: servers that do not mark their report write it right behind a row. */
function startOfReport(text: string): number {
  let start = 0;
  for (const line of text.split('\n')) {
    if (!isRow(line.replace(/,?\s*$/, ''))) return start;
    start += line.length + 1;
  }
  return -1;
}

function isRow(line: string): boolean {
  if (line === '' || line === '[') return true;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Parses and converts rows as their lines arrive, so that only converted rows are kept. */
class RowParser<T> {
  readonly rows: T[] = [];
  readonly #maxRows: number;
  readonly #convert: ((json: unknown) => T) | undefined;
  #state: 'before' | 'within' | 'after' | 'broken' = 'before';
  /** Bytes behind the last newline. */
  #line: Buffer[] = [];
  /** Bytes that cannot be a row, and all bytes behind them. */
  #rest: Buffer[] = [];
  #restBytes = 0;

  constructor(maxRows: number, convert: ((json: unknown) => T) | undefined) {
    this.#maxRows = maxRows;
    this.#convert = convert;
  }

  push(chunk: Buffer): void {
    if (this.#state === 'broken') return this.#keep(chunk);
    const end = chunk.lastIndexOf(NEWLINE);
    if (end < 0) {
      this.#line.push(chunk);
      return;
    }
    this.#line.push(chunk.subarray(0, end));
    const lines = this.#line.length === 1 ? this.#line[0]! : Buffer.concat(this.#line);
    this.#line = [];
    this.#takeLines(lines);
    if (end + 1 < chunk.length) this.push(chunk.subarray(end + 1));
  }

  /** Returns the text behind the last row; undefined when the array has ended. */
  end(): string | undefined {
    for (const chunk of this.#line) this.#keep(chunk);
    if (this.#state === 'after' && this.#restBytes === 0) return undefined;
    return Buffer.concat(this.#rest).toString('utf8');
  }

  #takeLines(bytes: Buffer): void {
    let text = bytes.toString('utf8');
    if (this.#state === 'after') {
      if (text.trim() !== '') this.#break(bytes);
      return;
    }
    if (this.#state === 'before') {
      if (!/^\[(\n|$)/.test(text)) return this.#break(bytes);
      this.#state = 'within';
      text = text.slice(1);
    }
    const isLast = LAST.test(text);
    const list = text.replace(isLast ? LAST : /,\s*$/, '');
    let parsed: unknown[];
    try {
      parsed = JSON.parse(`[${list}]`) as unknown[];
    } catch {
      return this.#break(bytes);
    }
    if (!isUtf8(bytes)) throw new NotUtf8Error();
    if (this.rows.length + parsed.length > this.#maxRows) throw new TooManyRowsError(this.#maxRows);
    const convert = this.#convert;
    for (const json of parsed) this.rows.push(convert ? convert(json) : (json as T));
    if (isLast) this.#state = 'after';
  }

  #break(bytes: Buffer): void {
    this.#state = 'broken';
    this.#keep(Buffer.concat([bytes, Buffer.of(NEWLINE)]));
  }

  /** Keeps the last bytes only: a server sends nothing behind its report. */
  #keep(chunk: Buffer): void {
    this.#rest.push(chunk);
    this.#restBytes += chunk.length;
    while (this.#rest.length > 1 && this.#restBytes - this.#rest[0]!.length >= MAX_REPORT_BYTES) {
      this.#restBytes -= this.#rest.shift()!.length;
    }
  }
}
