import { isUtf8 } from 'node:buffer';
import type { Answer, ReadOptions } from './answer.js';
import {
  BrokenMessageError,
  exceptionMarker,
  MAX_REPORT_BYTES,
  readBody,
  reportedError,
  requireSuccess,
} from './answer.js';

/** The result has more rows than allowed. */
export class TooManyRowsError extends Error {
  constructor(readonly maxRows: number) {
    super(`the result has more than ${maxRows} rows`);
    this.name = new.target.name;
  }
}

/** A row has bytes that stand for no text: they would be read as other ones. */
export class NotUtf8Error extends Error {
  constructor() {
    super('the answer has text that is not UTF-8, which another program stored');
    this.name = new.target.name;
  }
}

const NEWLINE = 0x0a;
/** The end of the array on a line of its own. */
const LAST = /(^|\n)\]\s*$/;

/**
 * Reads an answer of `FORMAT JSONEachRow` with `output_format_json_array_of_rows = 1`: a line `[`, one line for each row, and a
 * line `]`. The last line proves that nothing is missing, however the connection marks the end of the body and whatever a
 * gateway made of a connection that it lost.
 *
 * Throws the server's error as a `ClickHouseError` also when it comes behind rows, `BrokenMessageError` when the array does not
 * end, and `NotUtf8Error` for a row that cannot be read as it is.
 */
export async function readJsonRows<T>(
  answer: Answer,
  limits: Omit<ReadOptions, 'onChunk'> & { readonly maxRows: number },
  convert: (json: unknown) => T,
): Promise<T[]> {
  await requireSuccess(answer, limits.signal);
  const parser = new RowParser(limits.maxRows, convert);
  let cut: unknown;
  await readBody(answer, { ...limits, onChunk: (chunk) => parser.push(chunk) }).catch((error: unknown) => {
    cut = error;
  });
  limits.signal.throwIfAborted();
  const rest = parser.end();
  if (rest !== undefined) {
    const error = errorIn(rest, exceptionMarker(answer));
    if (error) throw error;
  }
  if (cut !== undefined) throw cut;
  if (rest !== undefined) throw new BrokenMessageError('the answer ends before its last row');
  return parser.rows;
}

/** With a marker, nothing but what follows it is taken for the server's words. */
function errorIn(rest: string, marker: string | undefined) {
  const start = marker === undefined ? startOfReport(rest) : rest.indexOf(marker);
  return start < 0 ? undefined : reportedError(rest.slice(start));
}

/** Where the first line begins that is no row: servers that do not mark their report write it right behind a row. */
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

/** Parses and converts rows as their lines arrive, so that nothing but what `convert` makes is kept. */
class RowParser<T> {
  readonly rows: T[] = [];
  readonly #maxRows: number;
  readonly #convert: (json: unknown) => T;
  #state: 'before' | 'within' | 'after' | 'broken' = 'before';
  /** Bytes behind the last newline. */
  #line: Buffer[] = [];
  /** What cannot be a row, and all that follows it. */
  #rest: Buffer[] = [];
  #restBytes = 0;

  constructor(maxRows: number, convert: (json: unknown) => T) {
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

  /** What is left that is no row; undefined when the array has ended. */
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
    for (const json of parsed) this.rows.push(this.#convert(json));
    if (isLast) this.#state = 'after';
  }

  #break(bytes: Buffer): void {
    this.#state = 'broken';
    this.#keep(Buffer.concat([bytes, Buffer.of(NEWLINE)]));
  }

  /** Keeps the end: a report of the server is the last that it sends. */
  #keep(chunk: Buffer): void {
    this.#rest.push(chunk);
    this.#restBytes += chunk.length;
    while (this.#rest.length > 1 && this.#restBytes - this.#rest[0]!.length >= MAX_REPORT_BYTES) {
      this.#restBytes -= this.#rest.shift()!.length;
    }
  }
}
