import { ClickHouseError } from '@clickhouse/client';
import { inspect } from 'node:util';
import { toDomainError } from './driver-errors.js';

const call = {
  operation: 'marketData.find',
  query: 'SELECT close FROM market_data WHERE symbol = {symbol:String}',
  queryId: 'q-1',
  elapsedMs: 250,
};

const fromServer = (code: number, type: string, message: string) =>
  toDomainError(new ClickHouseError({ code: String(code), type, message }), call);

const fromSocket = (code: string) =>
  toDomainError(Object.assign(new Error(`connect ${code}`), { code }), call);

describe('an error of the server', () => {
  it('becomes a QueryError with the query as it was sent and its id', () => {
    expect(
      fromServer(60, 'UNKNOWN_TABLE', "Unknown table expression identifier 'market_data' in scope SELECT 1"),
    ).toMatchObject({
      name: 'QueryError',
      message:
        "Query execution failed: UNKNOWN_TABLE (60): Unknown table expression identifier 'market_data'",
      operation: 'marketData.find',
      query: call.query,
      queryId: 'q-1',
      retryable: false,
    });
  });

  it.each([
    [202, 'TOO_MANY_SIMULTANEOUS_QUERIES'],
    [241, 'MEMORY_LIMIT_EXCEEDED'],
    [252, 'TOO_MANY_PARTS'],
    [33, 'CANNOT_READ_ALL_DATA'],
    [75, 'CANNOT_WRITE_TO_FILE_DESCRIPTOR'],
    [394, 'QUERY_WAS_CANCELLED'],
    [210, 'NETWORK_ERROR'],
    [999, 'KEEPER_EXCEPTION'],
    [745, 'SERVER_OVERLOADED'],
  ])('is retryable when it passes by itself: %d %s', (code, type) => {
    expect(fromServer(code, type, 'later')).toMatchObject({ name: 'QueryError', retryable: true });
  });

  it('is a TimeoutError when the server gave up because of the time', () => {
    expect(fromServer(159, 'TIMEOUT_EXCEEDED', 'Timeout exceeded: elapsed 1000 ms')).toMatchObject({
      name: 'TimeoutError',
      durationMs: 250,
      queryId: 'q-1',
    });
  });

  it('is a ConnectionError not worth a retry when the login is refused, and names nobody', () => {
    const error = fromServer(
      516,
      'AUTHENTICATION_FAILED',
      'app_user: Authentication failed: password is incorrect',
    );
    expect(error).toMatchObject({ name: 'ConnectionError', retryable: false });
    expect(inspect(error, { depth: 9 })).not.toMatch(/app_user|password/);
  });

  it.each([
    [27, 'CANNOT_PARSE_INPUT_ASSERTION_FAILED', 'Cannot parse input: expected , before: s3cret: (at row 2)'],
    [457, 'BAD_QUERY_PARAMETER', "Value s3cret cannot be parsed as UInt8 for query parameter 'x'"],
    [6, 'CANNOT_PARSE_TEXT', "Cannot parse string 's3cret' as UInt8"],
    [395, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO', 's3cret'],
    [47, 'UNKNOWN_IDENTIFIER', "Unknown expression identifier `x` in scope SELECT x WHERE symbol = 's3cret'"],
    [43, 'ILLEGAL_TYPE_OF_ARGUMENT', "Illegal types: While processing symbol = 's3cret'"],
    [
      62,
      'SYNTAX_ERROR',
      "Syntax error: failed at position 9 (FROMM) (line 1, col 9): FROMM t WHERE 's3cret'",
    ],
    [241, 'MEMORY_LIMIT_EXCEEDED', "Query memory limit exceeded: would use 10 MiB: while executing 's3cret'"],
  ])('never repeats a value: %d %s', (code, type, message) => {
    expect(inspect(fromServer(code, type, message), { depth: 9 })).not.toContain('s3cret');
  });

  it('says where a syntax error is', () => {
    const message =
      'Syntax error: failed at position 9 (FROMM) (line 1, col 9): FROMM t. Expected one of: FROM';
    expect(fromServer(62, 'SYNTAX_ERROR', message).message).toBe(
      'Query execution failed: SYNTAX_ERROR (62): Syntax error: failed at position 9 (FROMM) (line 1, col 9)',
    );
  });
});

describe('an error of the connection', () => {
  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
    'ERR_STREAM_PREMATURE_CLOSE',
    'Z_BUF_ERROR',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('is a retryable ConnectionError: %s', (code) => {
    expect(fromSocket(code)).toMatchObject({
      name: 'ConnectionError',
      message: `Connection failed: the connection broke (${code})`,
      retryable: true,
    });
  });

  it('is a ConnectionError when something else than ClickHouse answers, whose words are not repeated', () => {
    const error = toDomainError(new Error('<html>502 Bad Gateway</html>'), call);
    expect(error).toMatchObject({ name: 'ConnectionError', retryable: true });
    expect(inspect(error, { depth: 9 })).not.toContain('html');
  });

  it('is a TimeoutError when the driver waited too long', () => {
    expect(toDomainError(new Error('Timeout error.'), call).name).toBe('TimeoutError');
  });
});

it('is a QueryError when the driver itself fails, without the text it stumbled over', () => {
  const error = toDomainError(new SyntaxError('Unexpected token s3cret in JSON'), call);
  expect(error.name).toBe('QueryError');
  expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
});
