import type { Readable } from 'node:stream';
import { ClickHouseError } from '@clickhouse/client';
import type { ResponseHeaders } from '@clickhouse/client';
import { onAbort } from '@quantumtrade/dal-runtime';
import { decoderOf } from './decoder.js';
import { nameOf } from './server-codes.js';

/** What came back for one request, before anything of its body was read. */
export interface Answer {
  /** The id that was sent with the request. ClickHouse repeats it in the head of its answer. */
  readonly queryId: string;
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** As it came over the wire: compressed when the headers say so. */
  readonly body: Readable;
}

/** Something other than ClickHouse answered, such as a gateway. Holds nothing of the body. */
export class ForeignAnswerError extends Error {
  readonly status: number;

  constructor({ status, headers }: Answer, reason: string) {
    super(`${describe(status, headers)}: ${reason}`);
    this.name = new.target.name;
    this.status = status;
  }
}

/** A request or an answer is not whole, or an answer is not what its format says. */
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

/** A server's message about an error is at most this long; what is longer is something else. */
export const MAX_REPORT_BYTES = 65_536;

/** What ClickHouse's HTTP server says of a request whose head was cut. */
const BROKEN_HEAD = /^(Field [\w ]+|Invalid HTTP version string)\s*$/;

const QUERY_ID = 'x-clickhouse-query-id';
const EXCEPTION_CODE = 'x-clickhouse-exception-code';
const EXCEPTION_TAG = 'x-clickhouse-exception-tag';

/**
 * Throws unless this is the head of ClickHouse's answer to this very request, which begins well: a `ClickHouseError` with
 * the server's code, or `ForeignAnswerError`.
 */
export async function requireSuccess(answer: Answer, signal: AbortSignal): Promise<void> {
  const { status, headers, queryId } = answer;
  const code = headerOf(headers, EXCEPTION_CODE);
  if (status === 200 && code === undefined && headerOf(headers, QUERY_ID) === queryId) return;
  const text = await reportIn(answer, signal);
  const error = reportedError(text, code);
  if (error) throw error;
  if (status === 400 && BROKEN_HEAD.test(text)) {
    throw new BrokenMessageError('the request broke off on its way to the server');
  }
  throw new ForeignAnswerError(
    answer,
    status === 200 ? 'its answer does not name our query' : 'no error of ClickHouse comes with it',
  );
}

/** The beginning of the body as text; empty when it cannot be read. */
async function reportIn(answer: Answer, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  await readBody(answer, {
    signal,
    maxBytes: MAX_REPORT_BYTES,
    onChunk: (chunk) => chunks.push(chunk),
  }).catch(() => signal.throwIfAborted());
  return Buffer.concat(chunks).toString('utf8');
}

/** The error that a text of the server reports; undefined when it is none. */
export function reportedError(text: string, codeOfHead?: string): ClickHouseError | undefined {
  const found = /Code: (\d+)[\s\S]{0,200}?Exception: ([\s\S]*)/.exec(text);
  const code = codeOfHead ?? found?.[1];
  if (code === undefined || !/^\d+$/.test(code)) return undefined;
  const message = found?.[2] ?? '';
  // The name is in capitals and in parentheses; the first is that of the error itself, later ones are of what wraps it.
  const type = /\(([A-Z][A-Z0-9_]{2,})\)/.exec(message)?.[1] ?? nameOf(Number(code));
  return new ClickHouseError({ code, message, ...(type !== undefined && { type }) });
}

/** What opens the server's report of an error behind rows; undefined for servers that do not mark it. */
export function exceptionMarker({ headers }: Answer): string | undefined {
  const tag = headerOf(headers, EXCEPTION_TAG);
  return tag === undefined ? undefined : `__exception__\r\n${tag}`;
}

export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Of the decompressed body. */
  readonly maxBytes: number;
  readonly onChunk: (chunk: Buffer) => void;
}

/**
 * Reads the body to its end and decompresses it. All bytes that came are handed over before the promise settles, also when it
 * rejects: a server that reports an error cuts the connection behind its report. When the call ends or a chunk is refused, the
 * connection is closed.
 */
export function readBody(answer: Answer, { signal, maxBytes, onChunk }: ReadOptions): Promise<void> {
  const { body, headers } = answer;
  const encoding = headerOf(headers, 'content-encoding') ?? 'identity';
  return new Promise((resolve, reject) => {
    let ignoreSignal = (): void => undefined;
    const settle = (error?: unknown) => {
      ignoreSignal();
      if (error === undefined) resolve();
      else reject(error as Error);
    };
    const fail = (error: unknown) => {
      body.destroy();
      decoder?.stop();
      settle(error);
    };
    const bounded = (take: (chunk: Buffer) => void) => {
      let size = 0;
      return (chunk: Buffer) => {
        try {
          size += chunk.length;
          if (size > maxBytes) throw new BodyTooLargeError(maxBytes);
          take(chunk);
        } catch (error) {
          fail(error);
        }
      };
    };
    const decoder = decoderOf(encoding, bounded(onChunk), settle);
    if (!decoder) return fail(new BrokenMessageError(`the answer is compressed as ${encoding.slice(0, 20)}`));
    // Never paused: what is buffered in a stream is lost when its connection breaks.
    body.on('data', bounded(decoder.write));
    const finish = (error?: Error) => {
      body.removeAllListeners('close');
      decoder.end(error);
    };
    body.once('end', () => finish());
    body.on('error', finish);
    body.once('close', () =>
      finish(Object.assign(new Error('closed'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })),
    );
    ignoreSignal = onAbort(signal, () => fail(signal.reason));
  });
}

function headerOf(headers: ResponseHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** E.g. `HTTP 502 from nginx (text/html)`. Headers are not trusted to be short or printable. */
function describe(status: number, headers: ResponseHeaders): string {
  const printable = (name: string) =>
    headerOf(headers, name)
      ?.replace(/[^\w ./;=-]/g, '')
      .slice(0, 40);
  const server = printable('server');
  const type = printable('content-type');
  return `HTTP ${status}${server ? ` from ${server}` : ''}${type ? ` (${type})` : ''}`;
}
