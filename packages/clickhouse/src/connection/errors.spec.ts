import { inspect } from 'node:util';
import { NotUtf8Error } from '../codec/read/decode-errors.js';
import { BodyTooLargeError, ForeignAnswerError, TooManyRowsError } from './answer-errors.js';
import { toDomainError } from './errors.js';
import { classifyFailure } from './classify-failure.js';
import type { ServerErrorClass } from './server-error-table.js';
import { SERVER_ERRORS } from './server-error-table.js';
import { ServerError } from './server-errors.js';

const call = {
  operation: 'marketData.find',
  query: 'SELECT close FROM market_data WHERE symbol = {symbol:String}',
  queryId: 'q-1',
  elapsedMs: 250,
};

const fromServer = (code: number, type: string, message: string) =>
  toDomainError(new ServerError(code, message, type), call);

/** Domain error, `retryable` and `elsewhere` of the errors of each class. */
const EXPECTED: Readonly<Record<ServerErrorClass, readonly [string, boolean, boolean]>> = {
  mistake: ['QUERY', false, false],
  missing: ['QUERY', false, true],
  queryLimit: ['QUERY', false, false],
  right: ['QUERY', false, false],
  setting: ['QUERY', false, false],
  unknownSetting: ['QUERY', false, false],
  login: ['CONNECTION', false, false],
  timeout: ['TIMEOUT', true, false],
  overload: ['QUERY', true, true],
  userLimit: ['QUERY', true, false],
  network: ['QUERY', true, true],
  lostShard: ['CONNECTION', true, true],
  keeper: ['QUERY', true, true],
  replica: ['QUERY', true, true],
  disk: ['QUERY', true, true],
  system: ['QUERY', true, true],
  stopped: ['QUERY', true, true],
  damaged: ['QUERY', false, true],
  cluster: ['QUERY', true, false],
  lag: ['QUERY', true, false],
  conflict: ['QUERY', true, false],
  outcome: ['QUERY', true, false],
  storage: ['QUERY', true, false],
  unnamed: ['QUERY', true, false],
};

const rows = Object.entries(SERVER_ERRORS).map(
  ([name, [code, errorClass]]) => [name, code, errorClass] as const,
);

/** Names and codes of the errors of these classes. */
const errorsOf = (...classes: ServerErrorClass[]) =>
  rows.filter(([, , errorClass]) => classes.includes(errorClass));

const socketError = (code: string, syscall?: string) =>
  Object.assign(new Error(`connect ${code}`), { code, ...(syscall !== undefined && { syscall }) });

const fromSocket = (code: string) => toDomainError(socketError(code), call);

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

  it('unreachable copies of a shard are named', () => {
    const tried = (address: string) =>
      `Code: 210. DB::NetException: Connection refused (${address}). (NETWORK_ERROR)`;
    const log = ['ch-2a:9000', '10.0.0.3:9000, local address: 10.0.0.1:5', 'ch-2a:9000'].map(tried);
    expect(
      fromServer(279, 'ALL_CONNECTION_TRIES_FAILED', `All connection tries failed. Log: ${log.join()}`)
        .message,
    ).toBe('Connection failed: no copy of a shard can be reached: ch-2a:9000, 10.0.0.3:9000');
  });

  it('table that a whole shard lacks is no lost shard', () => {
    const missing = 'There is no table `d`.`t` on server: ch-2a:9000';
    const tries = (...log: string[]) =>
      fromServer(
        279,
        'ALL_CONNECTION_TRIES_FAILED',
        `All connection tries failed. Log: \n\n${log.join('\n')}\n\n`,
      );
    expect(tries(missing, missing.replace('2a', '2b'))).toMatchObject({
      ...{ code: 'QUERY', retryable: false, message: expect.stringContaining(missing) },
    });
    expect(tries(missing, 'Code: 210. DB::NetException: Connection refused (ch-2b:9000)')).toMatchObject({
      ...{ code: 'CONNECTION', retryable: true, message: expect.stringMatching(/ch-2a:9000, ch-2b:9000$/) },
    });
  });

  it('shard of a broken connection is named', () => {
    const error = toDomainError(socketError('ECONNRESET'), { ...call, shard: '2', endpoint: 'ch-2a:8123' });
    expect(error.message).toMatch(/^Connection failed: shard 2: .*ch-2a:8123$/);
  });

  it.each(rows)('server error %s (%d) is treated as its class %s', (type, code, errorClass) => {
    const [domainCode, retryable, elsewhere] = EXPECTED[errorClass];
    const error = new ServerError(code, 'later', type);
    expect(toDomainError(error, call)).toMatchObject({ code: domainCode, retryable });
    expect(classifyFailure(error)).toMatchObject({ elsewhere, sent: 'answered' });
  });

  it.each([
    [true, true, [202, 203, 209, 210, 225, 236, 241, 242, 243, 279, 394, 439, 733, 745, 749, 762, 999]],
    [true, false, [201, 252, 254, 285, 286, 319, 341, 499, 574, 692, 904, 1000, 1001]],
    [false, true, [40, 60, 81, 246, 740]],
    [false, false, [47, 62, 164, 396, 497, 516]],
  ])('retryable: %s and elsewhere: %s are server errors %j', (retryable, elsewhere, codes) => {
    const failures = codes.map((code) => classifyFailure(new ServerError(code, '')));
    expect(failures.map((failure) => [failure.retryable, failure.elsewhere])).toEqual(
      codes.map(() => [retryable, elsewhere]),
    );
  });

  it('server error without a row is permanent and drops its message', () => {
    const error = new ServerError(4_711, 's3cret');
    expect(toDomainError(error, call)).toMatchObject({
      message: 'Query execution failed: UNKNOWN (4711)',
      retryable: false,
    });
    expect(classifyFailure(error)).toMatchObject({ elsewhere: false, sent: 'answered' });
  });

  it.each(errorsOf('login'))('server error %s (%d) becomes a refused login', (type, code) => {
    expect(fromServer(code, type, 's3cret')).toMatchObject({
      name: 'ConnectionError',
      message: `Connection failed: the server refused the login: ${type} (${code})`,
      kind: 'LOGIN_REFUSED',
      retryable: false,
    });
  });

  it.each(errorsOf('timeout'))('server error %s (%d) becomes a TimeoutError', (type, code) => {
    expect(fromServer(code, type, 'too late')).toMatchObject({ name: 'TimeoutError', durationMs: 250 });
  });

  it.each(errorsOf('setting'))('server error %s (%d) names what the profile must allow', (type, code) => {
    const error = fromServer(code, type, "Cannot modify 'limit' setting in readonly mode");
    expect(error).toMatchObject({ name: 'QueryError', retryable: false });
    expect(error.message).toContain(
      "Cannot modify 'limit' setting in readonly mode; every query sets what keeps its answer whole",
    );
  });

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
    ['ECONNREFUSED', true, 'the server cannot be reached'],
    ['ECONNRESET', true, 'the connection broke'],
    ['Z_BUF_ERROR', true, 'the connection broke'],
    ['ENOTFOUND', false, 'there is no host of this name'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', false, "the server's certificate is not accepted"],
    ['EPROTO', false, 'the server does not speak TLS'],
    ['EIO', false, 'the connection failed'],
  ])('connection error %s becomes a ConnectionError (retryable: %s)', (code, retryable, reason) => {
    expect(fromSocket(code)).toMatchObject({
      name: 'ConnectionError',
      message: `Connection failed: ${reason} (${code})`,
      retryable,
    });
  });

  it('connection error has sent nothing when the connection never opened', () => {
    const sent = (syscall?: string) => classifyFailure(socketError('ETIMEDOUT', syscall)).sent;
    expect([sent('connect'), sent('read'), sent()]).toEqual(['no', 'maybe', 'maybe']);
  });

  it('error of Node about something else is a failure of the driver', () => {
    expect(fromSocket('ERR_INVALID_ARG_TYPE')).toMatchObject({ name: 'QueryError', retryable: false });
  });
});

describe('endpoint of an error', () => {
  const SECRET = 'c4nary';
  const endpoint = 'ch-2:8123';
  const failures: [string, unknown][] = [
    ['a lost connection', socketError('ECONNRESET')],
    ['a refused login', new ServerError(516, SECRET, 'AUTHENTICATION_FAILED')],
    ['a timeout', new ServerError(159, SECRET, 'TIMEOUT_EXCEEDED')],
    ['an overload', new ServerError(202, 'Too many simultaneous queries', 'TOO_MANY_SIMULTANEOUS_QUERIES')],
    ['an unknown error', new ServerError(4_711, SECRET)],
    ['a failed driver', new TypeError(SECRET)],
    [
      'an answer of a gateway',
      new ForeignAnswerError({ status: 502, headers: {} }, 'no error of ClickHouse'),
    ],
  ];

  it.each(failures)('message of %s ends with host and port, without a secret', (_, failure) => {
    const error = toDomainError(failure, { ...call, endpoint });
    expect(error.endpoint).toBe('ch-2:8123');
    expect(error.message).toMatch(/ at ch-2:8123$/);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(SECRET);
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
