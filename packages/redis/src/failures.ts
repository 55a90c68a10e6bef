import type { DatabaseError } from '@quantumtrade/dal-domain';
import { CacheError, ConnectionError, WRONG_TYPE } from '@quantumtrade/dal-domain';

/**
 * Cause of a failed call. The driver's messages and properties may hold keys, values and passwords, so only the code at the start
 * of the server's reply, or the code of the socket error, is taken from them.
 */
export interface RedisFailure {
  readonly kind: 'connection' | 'command';
  readonly reason: string;
  readonly retryable: boolean;
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

/** Reply codes with which the server refuses the client itself. */
const LOGIN_REFUSED = new Set(['WRONGPASS', 'NOAUTH']);
/** Reply codes after which the same command may succeed later. */
const TRANSIENT_CODES = new Set([
  'BUSY',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'TRYAGAIN',
]);

/** Used slice of the driver's errors. */
interface DriverError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  /** The failed command with its arguments. */
  readonly command?: { readonly name?: unknown };
  /** Error of the last cluster node that was tried. */
  readonly lastNodeError?: unknown;
}

/** Classifies an error of the driver. */
export function classifyFailure(error: unknown): RedisFailure {
  if (error instanceof FailureError) return error.failure;
  const { name, message, code, lastNodeError } = Object(error) as DriverError;
  if (/^All sentinels are unreachable/.test(String(message))) return MASTER_UNKNOWN;
  if (/^Too many Cluster redirections/.test(String(message))) return TOO_MANY_REDIRECTIONS;
  if (lastNodeError) return classifyFailure(lastNodeError);
  if (name === 'ReplyError') {
    const replyCode = /^[A-Z]+\b/.exec(String(message))?.[0] ?? 'ERR';
    const reason = replyCode === 'WRONGTYPE' ? WRONG_TYPE : `the server answered ${replyCode}`;
    if (LOGIN_REFUSED.has(replyCode)) return connectionFailure(reason, false);
    return commandFailure(reason, TRANSIENT_CODES.has(replyCode));
  }
  return typeof code === 'string' ? connectionFailure(code) : CONNECTION_LOST;
}

/** Whether the server refused the number of the database, which no later attempt changes. */
export function isDatabaseRefusal(error: unknown): boolean {
  return (
    (error as DriverError).command?.name === 'select' &&
    classifyFailure(error).reason === 'the server answered ERR'
  );
}

/** Creates the data layer's error for a failure. */
export function toDatabaseError({ kind, reason, retryable }: RedisFailure, operation: string): DatabaseError {
  const ErrorType = kind === 'connection' ? ConnectionError : CacheError;
  return new ErrorType(reason, { operation, retryable });
}
