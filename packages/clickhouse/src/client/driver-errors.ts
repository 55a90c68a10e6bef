import { types } from 'node:util';
import { ClickHouseError } from '@clickhouse/client';
import type { DatabaseError } from '@quantumtrade/dal-domain';
import { ConnectionError, QueryError, TimeoutError } from '@quantumtrade/dal-domain';

/** The call that an error is about. */
export interface FailedCall {
  readonly operation: string;
  /** With placeholders, as it was sent. */
  readonly query: string;
  readonly queryId: string;
  readonly elapsedMs: number;
}

/** By the server's error codes; `SELECT number, errorCodeToName(number)` names them. */
const LOGIN_REFUSED = new Set([192, 193, 194, 516]);
const TOO_LATE = new Set([159, 160]);
/**
 * Overload, keeper and network trouble between servers, a merge that lags, a request that broke off on its way, trouble of
 * the server's machine with its files or memory, a query that was cancelled there: the same query may succeed later.
 */
const PASSING = new Set([
  3, 32, 33, 74, 75, 76, 95, 173, 198, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285, 286, 319,
  394, 425, 439, 473, 499, 586, 700, 745, 999, 1000, 1001,
]);
/**
 * Complaints about names, types, rights and resources. Their first sentence is made of identifiers and sizes; all other
 * messages may repeat a value and are dropped.
 */
const SPEAKS_OF_SCHEMA = new Set([
  16, 36, 42, 43, 44, 46, 47, 48, 50, 53, 57, 60, 62, 81, 82, 115, 164, 202, 241, 242, 243, 252, 497,
]);

/** Node's stream and zlib codes of an answer that ended too early, beside the system's own (`ECONNRESET` …). */
const BROKEN_OFF =
  /^(E[A-Z]+|ERR_STREAM_PREMATURE_CLOSE|ERR_SOCKET\w*|ERR_TLS\w*|ERR_SSL\w*|Z_\w+|HPE_\w+|CERT_\w+)$/;

/** The domain's error for whatever the driver threw. The driver's own message goes no further unless it is harmless. */
export function toDomainError(error: unknown, call: FailedCall): DatabaseError {
  const details = { operation: call.operation, queryId: call.queryId };
  if (error instanceof ClickHouseError) return fromServer(error, call);
  if (!types.isNativeError(error)) return new QueryError(call.query, 'the driver failed', details);
  if (error.message === 'Timeout error.') return new TimeoutError(call.elapsedMs, details);
  const code = 'code' in error ? String(error.code) : undefined;
  if (code !== undefined && BROKEN_OFF.test(code)) {
    return new ConnectionError(`the connection broke (${code})`, { ...details, cause: error });
  }
  if (['SyntaxError', 'TypeError', 'RangeError'].includes(error.name)) {
    return new QueryError(call.query, `the driver failed with a ${error.name}`, details);
  }
  return new ConnectionError('what answered is not ClickHouse, or stopped in the middle', details);
}

function fromServer(error: ClickHouseError, call: FailedCall): DatabaseError {
  const code = Number(error.code);
  const details = { operation: call.operation, queryId: call.queryId };
  const name = `${error.type ?? 'UNKNOWN'} (${code})`;
  if (LOGIN_REFUSED.has(code)) {
    return new ConnectionError('the server refused the login', { ...details, retryable: false });
  }
  if (TOO_LATE.has(code)) return new TimeoutError(call.elapsedMs, details);
  const reason = SPEAKS_OF_SCHEMA.has(code) ? `${name}: ${firstSentence(error.message)}` : name;
  return new QueryError(call.query, reason, { ...details, retryable: PASSING.has(code) });
}

/**
 * Up to where the server begins to quote the query with its values filled in, or for a syntax error the query itself,
 * which still has its placeholders.
 */
function firstSentence(message: string): string {
  const [sentence = ''] = message.split(
    /\.\s|\n| in scope |: while |\(at row|(?<=\(line \d+, col \d+\)):/i,
    1,
  );
  return sentence.trim().slice(0, 200);
}
