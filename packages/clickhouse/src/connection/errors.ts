import { types } from 'node:util';
import type { DatabaseError, ErrorDetails, ErrorKind } from '@quantumtrade/dal-domain';
import { ConnectionError, isDatabaseError, QueryError, TimeoutError } from '@quantumtrade/dal-domain';
import { NotAdmittedError } from '@quantumtrade/dal-runtime';
import { BrokenAnswerError, NotUtf8Error } from '../codec/read/decode-errors.js';
import {
  BodyTooLargeError,
  BrokenMessageError,
  ForeignAnswerError,
  TooManyRowsError,
} from './answer-errors.js';
import { SERVER_ERRORS, ServerError } from './server-errors.js';

/** Call that an error belongs to. */
export interface FailedCall {
  readonly operation: string;
  /** Text of the query, with placeholders. */
  readonly query: string;
  /** Undefined for a call of which nothing was sent. */
  readonly queryId?: string;
  readonly elapsedMs: number;
  /** Limit on the rows of the result. @default none */
  readonly maxRows?: number | undefined;
  /** Host and port that it was sent to. @default none: messages name no server */
  readonly endpoint?: string | undefined;
}

/** Codes of Node's streams and zlib for an answer that ended too early, and those of the system (`ECONNRESET` …). */
const BROKEN_OFF =
  /^(E[A-Z]+|EAI_\w+|ERR_STREAM_PREMATURE_CLOSE|ERR_SOCKET\w*|ERR_TLS\w*|ERR_SSL\w*|Z_\w+|HPE_\w+)$/;
/** Codes of OpenSSL and Node for a certificate that is not accepted. */
const CERTIFICATE =
  /^(CERT_|CRL_|ERROR_IN_C|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;
/** Codes of OpenSSL for a server that uses plain HTTP. */
const NO_TLS = /^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/;

/** Returns the domain's error for any failure of a request. Drops messages that may hold values or secrets. */
export function toDomainError(error: unknown, call: FailedCall): DatabaseError {
  if (isDatabaseError(error)) return error;
  const details = detailsOf(call);
  if (error instanceof ServerError) return fromServer(error, call);
  if (error instanceof ForeignAnswerError) return fromGateway(error, call);
  if (error instanceof TooManyRowsError) return tooManyRows(error.maxRows, call);
  if (error instanceof BodyTooLargeError) {
    return new QueryError(call.query, `${error.message} (maxResultBytes); ${HOW_TO_PAGE}`, details);
  }
  if (error instanceof NotUtf8Error) return new QueryError(call.query, error.message, details);
  if (error instanceof BrokenMessageError || error instanceof BrokenAnswerError)
    return new ConnectionError(at(call, error.message), details);
  if (error instanceof NotAdmittedError) return fromAdmission(error, call);
  if (!types.isNativeError(error)) return new QueryError(call.query, 'the driver failed', details);
  const code = 'code' in error ? String(error.code) : undefined;
  if (code !== undefined) {
    const connection = fromConnection(code, error, call);
    if (connection) return connection;
  }
  return new QueryError(call.query, `the driver failed with a ${error.name}`, details);
}

/** Returns a message that names the server. Messages about the statement itself do not need it. */
const at = ({ endpoint }: FailedCall, message: string): string =>
  endpoint === undefined ? message : `${endpoint}: ${message}`;

const detailsOf = ({ operation, queryId }: FailedCall): ErrorDetails => ({
  operation,
  ...(queryId !== undefined && { queryId }),
});

function fromConnection(code: string, cause: Error, call: FailedCall): ConnectionError | undefined {
  const details = detailsOf(call);
  const forGood = { ...details, cause, retryable: false };
  if (CERTIFICATE.test(code)) {
    return new ConnectionError(at(call, `the server's certificate is not accepted (${code})`), forGood);
  }
  if (code === 'ENOTFOUND')
    return new ConnectionError(at(call, `there is no host of this name (${code})`), forGood);
  if (NO_TLS.test(code))
    return new ConnectionError(at(call, `the server does not speak TLS (${code})`), forGood);
  if (!BROKEN_OFF.test(code)) return undefined;
  return new ConnectionError(at(call, `the connection broke (${code})`), { ...details, cause });
}

function fromServer({ code, type, message, traits }: ServerError, call: FailedCall): DatabaseError {
  const { failure, retryable = false, quotable } = traits;
  const details = detailsOf(call);
  const name = `${type ?? 'UNKNOWN'} (${code})`;
  // The server stops before it sends a row beyond the limit, mostly.
  if (call.maxRows && code === SERVER_ERRORS.TOO_MANY_ROWS_OR_BYTES.code && isLimit(message, call.maxRows)) {
    return tooManyRows(call.maxRows, call);
  }
  if (failure === 'LOGIN_REFUSED') {
    const reason = at(call, `the server refused the login: ${name}`);
    return new ConnectionError(reason, { ...details, retryable: false, kind: 'LOGIN_REFUSED' });
  }
  if (failure === 'TIMEOUT') return new TimeoutError(call.elapsedMs, details);
  const sentence = quotable ? `: ${firstSentence(message)}` : '';
  const advice = failure === 'SETTING_REFUSED' ? ALLOW_SETTINGS : '';
  const kind = kindOf(code, message);
  const reason = `${name}${sentence}${advice}`;
  return new QueryError(call.query, retryable ? at(call, reason) : reason, {
    ...details,
    retryable,
    ...(kind && { kind }),
  });
}

function kindOf(code: number, message: string): ErrorKind | undefined {
  if (code === SERVER_ERRORS.MEMORY_LIMIT_EXCEEDED.code) return 'MEMORY_LIMIT';
  return code === SERVER_ERRORS.TOO_MANY_ROWS.code && READ_LIMIT.test(message) ? 'SCAN_LIMIT' : undefined;
}

const RESULT_LIMIT = /^Limit for result exceeded, max rows: ([\d.]+)(?: (thousand|million|billion))?/;
const UNITS: Readonly<Record<string, number>> = { thousand: 1e3, million: 1e6, billion: 1e9 };

/** Whether the message names this limit, with three digits or so. The server has the same text for limits of sorting. */
function isLimit(message: string, maxRows: number): boolean {
  const [, digits, unit] = RESULT_LIMIT.exec(message) ?? [];
  return Math.abs(Number(digits) * (UNITS[unit!] ?? 1) - maxRows) <= maxRows / 100;
}

const READ_LIMIT = /rows( or bytes)? to read|max_rows_to_read/;

const tooManyRows = (maxRows: number, call: FailedCall): QueryError =>
  new QueryError(
    call.query,
    `the result has more than ${maxRows} rows (maxResultRows); ${HOW_TO_PAGE}`,
    detailsOf(call),
  );

const ALLOW_SETTINGS =
  '; every query sets what keeps its answer whole, so the profile of the user must allow it (readonly = 2, no constraint)';

const HOW_TO_PAGE = 'ask for less by limit, or page by startTime and endTime';

const LOGIN_STATUSES = new Set([401, 403, 407]);
const TRANSIENT_STATUSES = new Set([408, 425, 429]);
const CONTENT_TOO_LARGE = 413;

/** Returns the error for an answer that is not from ClickHouse, by its status: the answer holds nothing else of use. */
function fromGateway({ status, message }: ForeignAnswerError, call: FailedCall): DatabaseError {
  const details = detailsOf(call);
  const reason = at(call, `the answer is not from ClickHouse: ${message}`);
  if (LOGIN_STATUSES.has(status)) {
    return new ConnectionError(at(call, `the login was refused: ${message}`), {
      ...details,
      retryable: false,
      kind: 'LOGIN_REFUSED',
    });
  }
  if (status === CONTENT_TOO_LARGE) {
    return new QueryError(call.query, `the request is too large: ${message}`, {
      ...details,
      kind: 'TOO_LARGE',
    });
  }
  const isRefusal = status >= 400 && status < 500 && !TRANSIENT_STATUSES.has(status);
  return isRefusal ? new QueryError(call.query, reason, details) : new ConnectionError(reason, details);
}

function fromAdmission({ reason, message }: NotAdmittedError, call: FailedCall): DatabaseError {
  const details = detailsOf(call);
  if (reason !== 'DEADLINE') return new ConnectionError(at(call, message), details);
  const error = new TimeoutError(call.elapsedMs, details);
  error.message += `; ${message}`;
  return error;
}

/** Returns the message up to the place where the server begins to quote the query, with or without its values. */
function firstSentence(message: string): string {
  const [sentence = ''] = message.split(
    /\.\s|\n| in scope |: while |\(at row|(?<=\(line \d+, col \d+\)):/i,
    1,
  );
  return sentence.trim().slice(0, 200);
}
