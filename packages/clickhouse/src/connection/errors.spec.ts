import { inspect } from 'node:util';
import { NotUtf8Error } from '../codec/read/decode-errors.js';
import { BodyTooLargeError, ForeignAnswerError, TooManyRowsError } from './answer-errors.js';
import { toDomainError } from './errors.js';
import type { ServerErrorTraits } from './server-errors.js';
import { SERVER_ERRORS, ServerError } from './server-errors.js';

const call = {
  operation: 'marketData.find',
  query: 'SELECT close FROM market_data WHERE symbol = {symbol:String}',
  queryId: 'q-1',
  elapsedMs: 250,
};

const fromServer = (code: number, type: string, message: string) =>
  toDomainError(new ServerError(code, message, type), call);

/** Names and codes of the errors with these traits. */
const errorsWith = (traits: Partial<ServerErrorTraits>): [name: string, code: number][] =>
  Object.entries<ServerErrorTraits>(SERVER_ERRORS)
    .filter(([, error]) =>
      Object.entries(traits).every(([name, value]) => error[name as 'failure'] === value),
    )
    .map(([name, { code }]) => [name, code]);

const fromSocket = (code: string) =>
  toDomainError(Object.assign(new Error(`connect ${code}`), { code }), call);

describe('server error', () => {
  it('server error becomes a QueryError with query text and query id', () => {
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

  it.each(errorsWith({ retryable: true }))('server error %s (%d) is retryable', (type, code) => {
    expect(fromServer(code, type, 'later')).toMatchObject({ name: 'QueryError', retryable: true });
  });

  it.each(errorsWith({ failure: 'LOGIN_REFUSED' }))(
    'server error %s (%d) becomes a refused login',
    (type, code) => {
      expect(fromServer(code, type, 's3cret')).toMatchObject({
        name: 'ConnectionError',
        message: `Connection failed: the server refused the login: ${type} (${code})`,
        kind: 'LOGIN_REFUSED',
        retryable: false,
      });
    },
  );

  it.each(errorsWith({ failure: 'TIMEOUT' }))('server error %s (%d) becomes a TimeoutError', (type, code) => {
    expect(fromServer(code, type, 'too late')).toMatchObject({ name: 'TimeoutError', durationMs: 250 });
  });

  it.each(errorsWith({ failure: 'SETTING_REFUSED' }))(
    'server error %s (%d) names what the profile must allow',
    (type, code) => {
      const error = fromServer(code, type, "Cannot modify 'limit' setting in readonly mode");
      expect(error).toMatchObject({ name: 'QueryError', retryable: false });
      expect(error.message).toContain(
        "Cannot modify 'limit' setting in readonly mode; every query sets what keeps its answer whole",
      );
    },
  );

  it('TimeoutError has duration and query id when the server stopped the query', () => {
    expect(fromServer(159, 'TIMEOUT_EXCEEDED', 'Timeout exceeded: elapsed 1000 ms')).toMatchObject({
      name: 'TimeoutError',
      durationMs: 250,
      queryId: 'q-1',
    });
  });

  it('refused login names neither user nor password', () => {
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
  ])('message leaves out values of the query: %d %s', (code, type, message) => {
    expect(inspect(fromServer(code, type, message), { depth: 9 })).not.toContain('s3cret');
  });

  it('lack of memory has a kind and is retryable', () => {
    expect(fromServer(241, 'MEMORY_LIMIT_EXCEEDED', 'Query memory limit exceeded')).toMatchObject({
      kind: 'MEMORY_LIMIT',
      retryable: true,
    });
  });

  it('syntax error keeps its position', () => {
    const message =
      'Syntax error: failed at position 9 (FROMM) (line 1, col 9): FROMM t. Expected one of: FROM';
    expect(fromServer(62, 'SYNTAX_ERROR', message).message).toBe(
      'Query execution failed: SYNTAX_ERROR (62): Syntax error: failed at position 9 (FROMM) (line 1, col 9)',
    );
  });
});

describe('connection error', () => {
  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EAI_AGAIN',
    'ERR_STREAM_PREMATURE_CLOSE',
    'Z_BUF_ERROR',
    'HPE_INVALID_CONSTANT',
  ])('connection error %s is retryable', (code) => {
    expect(fromSocket(code)).toMatchObject({
      name: 'ConnectionError',
      message: `Connection failed: the connection broke (${code})`,
      retryable: true,
    });
  });

  it.each([
    ['CERT_HAS_EXPIRED', 'certificate'],
    ['CERT_NOT_YET_VALID', 'certificate'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate'],
    ['HOSTNAME_MISMATCH', 'certificate'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate'],
    ['ENOTFOUND', 'no host of this name'],
    ['EPROTO', 'does not speak TLS'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'does not speak TLS'],
  ])('connection error %s is permanent', (code, reason) => {
    const error = fromSocket(code);
    expect(error).toMatchObject({ name: 'ConnectionError', retryable: false });
    expect(error.message).toContain(reason);
    expect(error.message).toContain(code);
  });
});

describe('answer of a gateway', () => {
  const fromGateway = (status: number) =>
    toDomainError(
      new ForeignAnswerError(
        {
          status,
          headers: { server: 'nginx', 'content-type': 'text/html' },
        },
        'no error of ClickHouse comes with it',
      ),
      call,
    );
  const connectionFailed = { name: 'ConnectionError', retryable: true, kind: undefined };
  const refusedForGood = { name: 'QueryError', retryable: false, kind: undefined };
  const loginRefused = { name: 'ConnectionError', retryable: false, kind: 'LOGIN_REFUSED' };

  it.each([
    [200, connectionFailed],
    [204, connectionFailed],
    [302, connectionFailed],
    [400, refusedForGood],
    [401, loginRefused],
    [403, loginRefused],
    [404, refusedForGood],
    [405, refusedForGood],
    [407, loginRefused],
    [408, connectionFailed],
    [413, { name: 'QueryError', retryable: false, kind: 'TOO_LARGE' }],
    [414, refusedForGood],
    [429, connectionFailed],
    [431, refusedForGood],
    [500, connectionFailed],
    [502, connectionFailed],
    [503, connectionFailed],
    [504, connectionFailed],
  ])('answer of a gateway is judged by its status %d', (status, expected) => {
    const error = fromGateway(status);
    expect(error).toMatchObject({ ...expected, queryId: 'q-1', operation: 'marketData.find' });
    expect(error.message).toContain(`HTTP ${status} from nginx (text/html)`);
    expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
  });
});

it('text that is not UTF-8 becomes a QueryError', () => {
  expect(toDomainError(new NotUtf8Error(), call)).toMatchObject({
    name: 'QueryError',
    message: expect.stringContaining('not UTF-8'),
    retryable: false,
  });
});

it.each([
  [new TooManyRowsError(5), 'the result has more than 5 rows (maxResultRows)'],
  [new BodyTooLargeError(7), 'the answer has more than 7 bytes (maxResultBytes)'],
])('error names limit, setting and paging when a result is too large', (error, reason) => {
  expect(toDomainError(error, call)).toMatchObject({
    name: 'QueryError',
    message: `Query execution failed: ${reason}; ask for less by limit, or page by startTime and endTime`,
    retryable: false,
  });
});

it.each([
  ['max rows: 500.00 thousand, current rows: 563.69 thousand', 'the result has more than 500000 rows'],
  ['max rows: 10.00, current rows: 100.00', 'Limit for result exceeded, max rows: 10.00'],
])('limit of the result is distinguished from that of a sort: %s', (limits, reason) => {
  const error = new ServerError(396, `Limit for result exceeded, ${limits}. `, 'TOO_MANY_ROWS_OR_BYTES');
  expect(toDomainError(error, { ...call, maxRows: 500_000 }).message).toContain(reason);
});

it('failure of the driver becomes a QueryError without its message', () => {
  const error = toDomainError(new SyntaxError('Unexpected token s3cret in JSON'), call);
  expect(error.name).toBe('QueryError');
  expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
});
