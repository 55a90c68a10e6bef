import type { DatabaseError } from '@quantumtrade/dal-domain';
import { CacheError, ConnectionError, WRONG_TYPE } from '@quantumtrade/dal-domain';
import { socketFailureOf } from '@quantumtrade/dal-runtime';
import { MAX_CLIENTS, REPLY_ERRORS, type ReplyErrorTraits } from './reply-errors.js';

/**
 * Cause of a failed call. The driver's messages and properties may hold keys, values and passwords, so only the code at the start
 * of the server's reply, or the code of the socket error, is taken from them.
 */
export interface RedisFailure {
  readonly kind: 'connection' | 'command';
  readonly reason: string;
  readonly retryable: boolean;
  /** Whether a new connection may lead to a server that accepts the command. @default false */
  readonly reconnects?: boolean | undefined;
  /** Whether a server or a Sentinel refused the login. @default false */
  readonly loginRefused?: boolean | undefined;
  /** @default unknown (milliseconds) */
  readonly retryAfterMs?: number;
}

const connectionFailure = (reason: string, retryable = true): RedisFailure => ({
  kind: 'connection',
  reason,
  retryable,
});
const commandFailure = (reason: string, retryable = true): RedisFailure => ({
  kind: 'command',
  reason,
  retryable,
});

export const CONNECTION_LOST = connectionFailure('the connection was lost');
export const CLIENT_CLOSED = connectionFailure('the cache is closed', false);
export const SERVER_UNRESPONSIVE = connectionFailure('the server did not answer');
export const CALLS_SUSPENDED = connectionFailure(
  'calls are suspended, because the server did not answer in time',
);
export const TOO_MANY_PENDING_CALLS = connectionFailure(
  'too many calls wait for the server (maxPendingCalls)',
);
export const TOO_MANY_PENDING_BYTES = connectionFailure(
  'too many bytes wait for the server (maxPendingBytes)',
);
const MASTER_UNKNOWN = connectionFailure('no Sentinel named the master');
/** The reply is malformed, or of another type than the command returns. */
export const UNEXPECTED_REPLY = commandFailure('the server sent an unexpected reply');
export const TOPOLOGY_UNKNOWN = commandFailure('the masters of the cluster do not cover all slots');
export const TOO_MANY_REDIRECTIONS = commandFailure('the cluster redirected the call too often');

/** Error of a command that the adapter composes of several. */
export class FailureError extends Error {
  readonly failure: RedisFailure;

  constructor(failure: RedisFailure) {
    super(failure.reason);
    this.failure = failure;
  }
}

/** Treatment of a reply code without a row. */
const UNKNOWN: ReplyErrorTraits = { error: 'CACHE', retryable: false, why: 'the server refused the command' };

/** Used slice of the driver's errors. */
interface DriverError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
  /** The failed command with its arguments. */
  readonly command?: { readonly name?: unknown };
  /** Error of the last cluster node that was tried. */
  readonly lastNodeError?: unknown;
}

/** Classifies an error of the driver. */
export function classifyFailure(error: unknown): RedisFailure {
  if (error instanceof FailureError) return error.failure;
  const { name, message, code, syscall, lastNodeError } = Object(error) as DriverError;
  if (/^All sentinels are unreachable/.test(String(message))) {
    return { ...MASTER_UNKNOWN, loginRefused: /Last error: (WRONGPASS|NOAUTH)\b/.test(String(message)) };
  }
  if (/^Too many Cluster redirections/.test(String(message))) return TOO_MANY_REDIRECTIONS;
  if (lastNodeError) return classifyFailure(lastNodeError);
  if (name === 'ReplyError') return fromReply(String(message));
  return typeof code === 'string' ? fromSocket(code, syscall) : CONNECTION_LOST;
}

function fromReply(message: string): RedisFailure {
  const isFull = /^ERR max number of clients\b/.test(message);
  const replyCode = isFull ? MAX_CLIENTS : (/^[A-Z]+\b/.exec(message)?.[0] ?? 'ERR');
  const { error, retryable, reconnects, loginRefused } = REPLY_ERRORS[replyCode] ?? UNKNOWN;
  const reason = replyCode === 'WRONGTYPE' ? WRONG_TYPE : `the server answered ${replyCode}`;
  return {
    kind: error === 'CONNECTION' ? 'connection' : 'command',
    reason,
    retryable,
    reconnects,
    loginRefused,
  };
}

/** The client connects again by itself, so a name that is missing while its server is replaced is no lasting failure. */
function fromSocket(code: string, syscall: unknown): RedisFailure {
  const { retryable = false } = socketFailureOf(code, syscall) ?? {};
  return connectionFailure(code, retryable || code === 'ENOTFOUND');
}

/** Whether the server refused the number of the database, which no later attempt changes. */
export function isDatabaseRefusal(error: unknown): boolean {
  return (
    (error as DriverError).command?.name === 'select' &&
    classifyFailure(error).reason === 'the server answered ERR'
  );
}

/**
 * Creates the data layer's error for a failure, with the host and port of the server if one is named. A value of another type is no
 * failure of the server.
 */
export function toDatabaseError(
  { kind, reason, retryable, retryAfterMs }: RedisFailure,
  operation: string,
  endpoint?: string,
): DatabaseError {
  const ErrorType = kind === 'connection' ? ConnectionError : CacheError;
  const isNamed = endpoint !== undefined && reason !== WRONG_TYPE;
  return new ErrorType(reason, { operation, retryable, retryAfterMs, ...(isNamed && { endpoint }) });
}
