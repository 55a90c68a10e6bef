import { isDatabaseError } from '@quantumtrade/dal-domain';

/** Head of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Something other than ClickHouse answered, such as a gateway. The error holds nothing of the body. */
export class ForeignAnswerError extends Error {
  readonly status: number;
  /** Time that the answer asks to wait; undefined when it does not (milliseconds). */
  readonly retryAfterMs: number | undefined;

  constructor({ status, headers }: AnswerHead, reason: string) {
    super(`${describe(status, headers)}: ${reason}`);
    this.name = new.target.name;
    this.status = status;
    this.retryAfterMs = retryAfterOf(headers);
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

/** The caller left an answer before its end. */
export class AbandonedError extends Error {
  constructor() {
    super('the answer was left before its end');
    this.name = new.target.name;
  }
}

/** The result has more rows than allowed. */
export class TooManyRowsError extends Error {
  constructor(readonly maxRows: number) {
    super(`the result has more than ${maxRows} rows`);
    this.name = new.target.name;
  }
}

/** Returns the first value of a header. */
export function headerOf(headers: AnswerHead['headers'], name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Returns the wait of a `Retry-After` header, which holds seconds or a date. */
function retryAfterOf(headers: AnswerHead['headers']): number | undefined {
  const text = headerOf(headers, 'retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = /^[A-Z][a-z]{2},/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

/** Returns for example `HTTP 502 from nginx (text/html)`. Headers need not be short or printable. */
function describe(status: number, headers: AnswerHead['headers']): string {
  const [server, type] = ['server', 'content-type'].map((name) =>
    headerOf(headers, name)
      ?.replace(/[^\w ./;=-]/g, '')
      .slice(0, 40),
  );
  return `HTTP ${status}${server ? ` from ${server}` : ''}${type ? ` (${type})` : ''}`;
}

/** Whether the server was left in the middle of its answer. */
export const mayStillRun = (error: unknown): boolean =>
  error instanceof AbandonedError ||
  error instanceof BodyTooLargeError ||
  error instanceof TooManyRowsError ||
  (isDatabaseError(error) && error.code === 'TIMEOUT');
