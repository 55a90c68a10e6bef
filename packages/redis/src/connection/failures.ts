import type { DatabaseError } from '@quantumtrade/dal-domain';
import { CacheError, ConnectionError, WRONG_TYPE } from '@quantumtrade/dal-domain';

/**
 * What a failure of the driver means. Its message and properties may hold keys, values and passwords, so only the code
 * that the server's reply begins with, or that of the socket's error, is taken from it.
 */
export interface Failure {
  readonly kind: 'connection' | 'command';
  readonly reason: string;
  readonly retryable: boolean;
}

export const LOST: Failure = { kind: 'connection', reason: 'the connection was lost', retryable: true };
export const CLOSED: Failure = { kind: 'connection', reason: 'the cache is closed', retryable: false };
export const UNANSWERED: Failure = {
  kind: 'connection',
  reason: 'the server did not answer',
  retryable: true,
};

/** The server sent what is no reply of Redis, or none to what it was asked. */
export const NO_REPLY: Failure = {
  kind: 'command',
  reason: 'the server sent what is no answer',
  retryable: true,
};

export const UNSETTLED: Failure = {
  kind: 'command',
  reason: 'it is not known which masters the cluster has',
  retryable: true,
};

/** What commands that the adapter makes up of several fail with themselves. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.reason);
    this.failure = failure;
  }
}

/** The server refuses the client itself. */
const LOGIN_REFUSED = new Set(['WRONGPASS', 'NOAUTH']);
/** The server may do later what it refuses now. */
const PASSING = new Set([
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

/** The slice of a driver's error that tells what happened. */
interface DriverError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  /** The command that failed, with its arguments. */
  readonly command?: { readonly name?: unknown };
  /** Why the last node of a cluster was of no use either. */
  readonly lastNodeError?: unknown;
}

const UNKNOWN_MASTER: Failure = { ...LOST, reason: 'no Sentinel answered who the master is' };
export const REDIRECTED: Failure = {
  kind: 'command',
  reason: 'the cluster redirected the call too often',
  retryable: true,
};

export function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  const { name, message, code, lastNodeError } = Object(error) as DriverError;
  if (/^All sentinels are unreachable/.test(String(message))) return UNKNOWN_MASTER;
  if (/^Too many Cluster redirections/.test(String(message))) return REDIRECTED;
  if (lastNodeError) return failureOf(lastNodeError);
  if (name === 'ReplyError') {
    const word = /^[A-Z]+\b/.exec(String(message))?.[0] ?? 'ERR';
    const reason = word === 'WRONGTYPE' ? WRONG_TYPE : `the server answered ${word}`;
    if (LOGIN_REFUSED.has(word)) return { kind: 'connection', reason, retryable: false };
    return { kind: 'command', reason, retryable: PASSING.has(word) };
  }
  return typeof code === 'string' ? { ...LOST, reason: code } : LOST;
}

/** Whether the server refused the number of the database, which no later attempt changes. */
export function isDatabaseRefusal(error: unknown): boolean {
  return (
    (error as DriverError).command?.name === 'select' && failureOf(error).reason === 'the server answered ERR'
  );
}

/** The data layer's error for a failure. */
export function errorOf(failure: Failure, operation: string): DatabaseError {
  const { kind, reason, retryable } = failure;
  if (kind === 'connection') return new ConnectionError(reason, { operation, retryable });
  return new CacheError(reason, { operation, retryable });
}
