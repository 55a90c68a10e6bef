import type { DatabaseError } from '@quantumtrade/dal-domain';
import { ConnectionError, isDatabaseError, QueryError, TimeoutError } from '@quantumtrade/dal-domain';
import { LostShardError } from './lost-shard.js';
import { classifyFailure, type Failure } from './classify-failure.js';

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
  /** Host and port of the server that it was sent to, which the error names. @default none */
  readonly endpoint?: string | undefined;
  /** Shard whose servers alone may answer it. @default none */
  readonly shard?: string | undefined;
}

/** Returns the domain's error for any failure of a request. Drops messages that may hold values or secrets. */
export function toDomainError(
  error: unknown,
  call: FailedCall,
  failure: Failure = classifyFailure(error, call.maxRows),
): DatabaseError {
  if (isDatabaseError(error)) return error;
  const { operation, query, queryId, elapsedMs, endpoint, shard } = call;
  const { code, reason, retryable, kind, retryAfterMs, cause } = failure;
  const details = {
    operation,
    retryable,
    ...(queryId !== undefined && { queryId }),
    ...(kind !== undefined && { kind }),
    ...(endpoint !== undefined && !failure.isAboveLimit && { endpoint }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(cause !== undefined && { cause }),
  };
  if (code === 'CONNECTION' || cause instanceof LostShardError) {
    return new ConnectionError(shard === undefined ? reason : `shard ${shard}: ${reason}`, details);
  }
  if (code === 'QUERY') return new QueryError(query, reason, details);
  const timeout = new TimeoutError(elapsedMs, details);
  if (reason !== '') timeout.message += `; ${reason}`;
  return timeout;
}
