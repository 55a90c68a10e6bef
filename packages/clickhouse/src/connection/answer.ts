import type { Readable } from 'node:stream';
import { finished } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { onAbort } from '@quantumtrade/dal-runtime';
import { ServerError } from './server-errors.js';

/** Answer to one request, before anything of its body is read. */
export interface Answer {
  /** Id that was sent with the request. ClickHouse repeats it in the head of its answer. */
  readonly queryId: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Bytes as they came over the wire: compressed when the headers say so. */
  readonly body: Readable;
}

/** Something other than ClickHouse answered, such as a gateway. The error holds nothing of the body. */
export class ForeignAnswerError extends Error {
  readonly status: number;

  constructor({ status, headers }: Answer, reason: string) {
    super(`${describe(status, headers)}: ${reason}`);
    this.name = new.target.name;
    this.status = status;
  }
}

/** A request or an answer is incomplete, or an answer breaks its format. */
export class BrokenMessageError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = new.target.name;
  }
}

/** The decompressed body of an answer is larger than allowed. */
export class BodyTooLargeError extends Error {
  constructor(readonly maxBytes: number) {
    super(`the answer has more than ${maxBytes} bytes`);
    this.name = new.target.name;
  }
}

/** Longest error message of a server; anything longer is something else. */
export const MAX_REPORT_BYTES = 65_536;

/** Answer of ClickHouse's HTTP server to a request whose head was cut. */
const BROKEN_HEAD = /^(Field [\w ]+|Invalid HTTP version string)\s*$/;

const QUERY_ID = 'x-clickhouse-query-id';
const EXCEPTION_CODE = 'x-clickhouse-exception-code';
const EXCEPTION_TAG = 'x-clickhouse-exception-tag';
const SUMMARY = 'x-clickhouse-summary';

/** Whether the head is that of ClickHouse's answer to this very request, and reports no error. */
export const isSuccess = ({ status, headers, queryId }: Answer): boolean =>
  status === 200 && headers[EXCEPTION_CODE] === undefined && headers[QUERY_ID] === queryId;

/** Reads the error of an answer that is no success: a `ServerError`, or what else came instead of one. */
export async function readFailure(answer: Answer, signal: AbortSignal): Promise<Error> {
  const { status, headers } = answer;
  const chunks: Buffer[] = [];
  // The beginning counts, where not all of it can be read.
  await readBody(answer, signal, MAX_REPORT_BYTES, chunks).catch(() => undefined);
  signal.throwIfAborted();
  const text = Buffer.concat(chunks).toString('utf8');
  const error = parseReport(text, headerOf(headers, EXCEPTION_CODE));
  if (error) return error;
  if (status === 400 && BROKEN_HEAD.test(text)) {
    return new BrokenMessageError('the request broke off on its way to the server');
  }
  return new ForeignAnswerError(
    answer,
    status === 200 ? 'its answer does not name our query' : 'no error of ClickHouse comes with it',
  );
}

/**
 * Reads the body of a success without rows, mostly an empty text. Throws the server's error that the text reports, and
 * `BrokenMessageError` for a text that is too long to be one of ClickHouse.
 */
export async function readReport(answer: Answer, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    await readBody(answer, signal, MAX_REPORT_BYTES, chunks);
  } catch (error) {
    throw error instanceof BodyTooLargeError ? new BrokenMessageError(error.message) : error;
  }
  if (chunks.length === 0) return '';
  const text = Buffer.concat(chunks).toString('utf8');
  const error = parseReport(text);
  if (error) throw error;
  return text;
}

/** Returns the error that a text of the server reports; undefined for any other text. */
export function parseReport(text: string, codeOfHead?: string): ServerError | undefined {
  const found = /Code: (\d+)[\s\S]{0,200}?Exception: ([\s\S]*)/.exec(text);
  const code = codeOfHead ?? found?.[1];
  if (code === undefined || !/^\d+$/.test(code)) return undefined;
  const message = found?.[2] ?? '';
  // The name is in capitals and in parentheses; the first is that of the error itself, later ones are of what wraps it.
  return new ServerError(Number(code), message, /\(([A-Z][A-Z0-9_]{2,})\)/.exec(message)?.[1]);
}

/** Returns the counts in the head, such as `result_rows`, which are those of the moment at which the head was sent. */
export function summaryCounts({ headers }: Answer): Readonly<Record<string, unknown>> {
  const summary = headers[SUMMARY];
  if (typeof summary !== 'string') return {};
  try {
    return (JSON.parse(summary) ?? {}) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

/** Returns what opens the server's report of an error behind rows; undefined for servers that do not mark it. */
export function exceptionMarker({ headers }: Answer): string | undefined {
  const tag = headerOf(headers, EXCEPTION_TAG);
  return tag === undefined ? undefined : `__exception__\r\n${tag}`;
}

/** Takes the chunks of a body in order; refuses one by an error. */
interface ChunkSink {
  push(chunk: Buffer): unknown;
}

/**
 * Reads the body to its end and decompresses it. All bytes that came are handed over before the promise settles, also when it
 * rejects: a server that reports an error cuts the connection behind its report. When the call ends, a chunk is refused or there
 * are more bytes than allowed, compressed or not, the connection is closed.
 */
export function readBody(
  { body, headers }: Answer,
  signal: AbortSignal,
  maxBytes: number,
  sink: ChunkSink,
): Promise<void> {
  const encoding = headers['content-encoding'] ?? 'identity';
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      body.destroy();
      reject(signal.reason as Error);
      return;
    }
    const ignoreSignal = onAbort(signal, () => fail(signal.reason));
    const gunzip = encoding === 'gzip' ? createGunzip() : undefined;
    let size = 0;
    let compressedSize = 0;
    const settle = (error?: unknown): void => {
      ignoreSignal();
      if (error) reject(error as Error);
      else resolve();
    };
    const fail = (error: unknown): void => {
      ignoreSignal();
      reject(error as Error);
      body.destroy();
      gunzip?.destroy();
    };
    if (encoding !== 'gzip' && encoding !== 'identity') {
      fail(new BrokenMessageError(`the answer is compressed as ${String(encoding).slice(0, 20)}`));
      return;
    }
    (gunzip ?? body).on('data', (chunk: Buffer) => {
      try {
        size += chunk.length;
        if (size > maxBytes) throw new BodyTooLargeError(maxBytes);
        sink.push(chunk);
      } catch (error) {
        fail(error);
      }
    });
    if (!gunzip) {
      finished(body, settle);
      return;
    }
    // Never paused: bytes buffered in a stream are lost when its connection breaks.
    body.on('data', (chunk: Buffer) => {
      compressedSize += chunk.length;
      if (compressedSize > maxBytes) fail(new BodyTooLargeError(maxBytes));
      else gunzip.write(chunk);
    });
    finished(body, (error) => {
      if (error) gunzip.flush(constants.Z_SYNC_FLUSH, () => settle(error));
      else gunzip.end();
    });
    finished(gunzip, settle);
  });
}

function headerOf(headers: Answer['headers'], name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Returns for example `HTTP 502 from nginx (text/html)`. Headers need not be short or printable. */
function describe(status: number, headers: Answer['headers']): string {
  const [server, type] = ['server', 'content-type'].map((name) =>
    headerOf(headers, name)
      ?.replace(/[^\w ./;=-]/g, '')
      .slice(0, 40),
  );
  return `HTTP ${status}${server ? ` from ${server}` : ''}${type ? ` (${type})` : ''}`;
}
