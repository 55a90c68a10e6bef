import { types } from 'node:util';
import type { DatabaseError, ErrorKind } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import type { CallOutcome, Sent, TransportFailure } from '@quantumtrade/dal-runtime';
import { NotAdmittedError, socketFailureOf } from '@quantumtrade/dal-runtime';
import { BrokenAnswerError, NotUtf8Error } from '../codec/read/decode-errors.js';
import {
  BodyTooLargeError,
  BrokenMessageError,
  ForeignAnswerError,
  TooManyRowsError,
} from './answer-errors.js';
import { gatewayFailureOf } from './http-statuses.js';
import { LostShardError, tableMissingOnShard } from './lost-shard.js';
import { SERVER_ERRORS } from './server-error-table.js';
import { ServerError } from './server-errors.js';

/** Meaning of a failed request for its caller. It holds no secret and no value of the query. */
export interface Failure {
  /** Code of the domain's error. */
  readonly code: 'CONNECTION' | 'QUERY' | 'TIMEOUT';
  /** Reason in the domain's error; for `TIMEOUT` what is added to its message, if anything. */
  readonly reason: string;
  readonly kind?: ErrorKind;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Whether another server with the same tables may answer it now. */
  readonly elsewhere: boolean;
  readonly sent: Sent;
  /** Name of the error of a server that lacks a table or a database itself. @default none: it does not say that it does */
  readonly missing?: string;
  /** Whether the server has too much work. @default false */
  readonly overloaded?: boolean;
  /** Whether the result is above a limit of the adapter, whichever server it comes from. @default false */
  readonly isAboveLimit?: boolean;
  /** Time that the server or a gateway asks to wait. @default none (milliseconds) */
  readonly retryAfterMs?: number | undefined;
  /** Error of the socket, or a {@link LostShardError}: then the domain's error is a `ConnectionError`, but it says nothing about the server. */
  readonly cause?: Error;
}

/** Classifies any failure of a request. An unknown one is not retryable. */
export function classifyFailure(error: unknown, maxRows?: number): Failure {
  if (isDatabaseError(error)) return fromDomain(error);
  if (error instanceof ServerError) return fromServer(error, maxRows);
  if (error instanceof ForeignAnswerError) return fromGateway(error);
  if (error instanceof TooManyRowsError) return aboveLimit(tooManyRows(error.maxRows));
  if (error instanceof BodyTooLargeError) {
    return aboveLimit(`${error.message} (maxResultBytes); ${HOW_TO_PAGE}`);
  }
  if (error instanceof NotUtf8Error) return queryFailure(error.message);
  if (error instanceof BrokenMessageError || error instanceof BrokenAnswerError) {
    return { code: 'CONNECTION', reason: error.message, retryable: true, elsewhere: true, sent: 'maybe' };
  }
  if (error instanceof NotAdmittedError) return fromAdmission(error);
  if (!types.isNativeError(error)) return { ...queryFailure('the driver failed'), sent: 'maybe' };
  if ('code' in error) {
    const code = String(error.code);
    const failure = socketFailureOf(code, 'syscall' in error ? error.syscall : undefined);
    if (failure) return { ...connectionFailure(failure, `${failure.why} (${code})`), cause: error };
  }
  return { ...queryFailure(`the driver failed with a ${error.name}`), sent: 'maybe' };
}

/** Returns what a failed attempt says about the load of its server. One that was left was not answered. */
export function loadOutcomeOf({ code, overloaded }: Failure, isLeft: boolean): CallOutcome {
  if (code === 'TIMEOUT' || overloaded) return 'overloaded';
  return isLeft ? 'ignored' : 'failure';
}

function fromDomain({ code, message, kind, retryable, retryAfterMs, cause }: DatabaseError): Failure {
  const isConnection = code === 'CONNECTION';
  return {
    code: isConnection || code === 'TIMEOUT' ? code : 'QUERY',
    reason: message,
    ...(kind && { kind }),
    retryable,
    elsewhere: isConnection && retryable,
    sent: 'maybe',
    retryAfterMs,
    ...(types.isNativeError(cause) && { cause }),
  };
}

const queryFailure = (reason: string): Failure => ({
  code: 'QUERY',
  reason,
  retryable: false,
  elsewhere: false,
  sent: 'answered',
});

const aboveLimit = (reason: string): Failure => ({ ...queryFailure(reason), isAboveLimit: true });

const connectionFailure = ({ retryable, elsewhere, sent }: TransportFailure, reason: string): Failure => ({
  code: 'CONNECTION',
  reason,
  retryable,
  elsewhere,
  sent,
});

function fromServer({ code, type, message, traits }: ServerError, maxRows: number | undefined): Failure {
  const { failure, retryable = false, elsewhere = false, overloaded = false, quotable } = traits;
  const name = `${type ?? 'UNKNOWN'} (${code})`;
  const common = { retryable, elsewhere, overloaded, sent: 'answered' } as const;
  // The server stops before it sends a row beyond the limit, mostly.
  if (maxRows && code === SERVER_ERRORS.TOO_MANY_ROWS_OR_BYTES[0] && isLimit(message, maxRows)) {
    return aboveLimit(tooManyRows(maxRows));
  }
  if (failure === 'LOGIN_REFUSED') {
    const reason = `the server refused the login: ${name}`;
    return { ...common, code: 'CONNECTION', reason, kind: 'LOGIN_REFUSED' };
  }
  if (failure === 'TIMEOUT') return { ...common, code: 'TIMEOUT', reason: '', retryable: true };
  if (failure === 'SHARD_LOST') {
    const missing = tableMissingOnShard(message);
    if (missing !== undefined) return queryFailure(`${name}: ${missing}`);
    const cause = new LostShardError(message);
    return { ...common, code: 'QUERY', reason: cause.message, cause };
  }
  const sentence = quotable ? `: ${firstSentence(message)}` : '';
  const advice = failure === 'SETTING_REFUSED' ? ALLOW_SETTINGS : '';
  const kind = kindOf(code, message);
  const isMissing = failure === 'MISSING' && !message.startsWith(FROM_OTHER_SERVER);
  return {
    ...common,
    code: 'QUERY',
    reason: `${name}${sentence}${advice}`,
    ...(kind && { kind }),
    ...(isMissing && { missing: name }),
  };
}

/** Begins a message that a server passes on from another one. */
const FROM_OTHER_SERVER = 'Received from ';

function kindOf(code: number, message: string): ErrorKind | undefined {
  if (code === SERVER_ERRORS.MEMORY_LIMIT_EXCEEDED[0]) return 'MEMORY_LIMIT';
  return code === SERVER_ERRORS.TOO_MANY_ROWS[0] && READ_LIMIT.test(message) ? 'SCAN_LIMIT' : undefined;
}

const RESULT_LIMIT = /^Limit for result exceeded, max rows: ([\d.]+)(?: (thousand|million|billion))?/;
const UNITS: Readonly<Record<string, number>> = { thousand: 1e3, million: 1e6, billion: 1e9 };

/** Whether the message names this limit, with three digits or so. The server has the same text for limits of sorting. */
function isLimit(message: string, maxRows: number): boolean {
  const [, digits, unit] = RESULT_LIMIT.exec(message) ?? [];
  return Math.abs(Number(digits) * (UNITS[unit!] ?? 1) - maxRows) <= maxRows / 100;
}

const READ_LIMIT = /rows( or bytes)? to read|max_rows_to_read/;

const HOW_TO_PAGE = 'ask for less by limit, or page by startTime and endTime';

const tooManyRows = (maxRows: number): string =>
  `the result has more than ${maxRows} rows (maxResultRows); ${HOW_TO_PAGE}`;

const ALLOW_SETTINGS =
  '; every query sets what keeps its answer whole, so the profile of the user must allow it (readonly = 2, no constraint)';

const LOGIN_STATUSES = new Set([401, 403, 407]);
const CONTENT_TOO_LARGE = 413;

/** Classifies an answer that is not from ClickHouse, by its status: the answer holds nothing else of use. */
function fromGateway({ status, message, retryAfterMs }: ForeignAnswerError): Failure {
  const failure = gatewayFailureOf(status);
  if (LOGIN_STATUSES.has(status)) {
    return { ...connectionFailure(failure, `${failure.why}: ${message}`), kind: 'LOGIN_REFUSED' };
  }
  const { retryable, elsewhere, sent, why } = failure;
  const refusal = { code: 'QUERY', retryable, elsewhere, sent } as const;
  if (status === CONTENT_TOO_LARGE) {
    return { ...refusal, reason: `${why}: ${message}`, kind: 'TOO_LARGE' };
  }
  const reason = `the answer is not from ClickHouse: ${message}`;
  const isRefusal = status >= 400 && status < 500 && !retryable;
  return isRefusal ? { ...refusal, reason } : { ...connectionFailure(failure, reason), retryAfterMs };
}

function fromAdmission(cause: NotAdmittedError): Failure {
  const { reason, message } = cause;
  const common = { reason: message, retryable: true, elsewhere: true, sent: 'no', cause } as const;
  return { ...common, code: reason === 'DEADLINE' ? 'TIMEOUT' : 'CONNECTION' };
}

/** Returns the message up to the place where the server begins to quote the query, with or without its values. */
function firstSentence(message: string): string {
  const [sentence = ''] = message.split(
    /\.\s|\n| in scope |: while |\(at row|(?<=\(line \d+, col \d+\)):/i,
    1,
  );
  return sentence.trim().slice(0, 200);
}
