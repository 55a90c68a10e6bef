import { inspect } from 'node:util';
import { ForeignAnswerError } from './answer-errors.js';
import { classifyFailure } from './classify-failure.js';
import { toDomainError } from './errors.js';
import { HTTP_STATUSES } from './http-statuses.js';

const call = { operation: 'marketData.find', query: 'SELECT 1', queryId: 'q-1', elapsedMs: 250 };

const answerOf = (status: number, headers: Readonly<Record<string, string>> = {}) =>
  new ForeignAnswerError(
    { status, headers: { server: 'nginx', 'content-type': 'text/html', ...headers } },
    'no error of ClickHouse comes with it',
  );
const fromGateway = (status: number, headers?: Readonly<Record<string, string>>) =>
  toDomainError(answerOf(status, headers), call);
const failedForGood = { name: 'ConnectionError', retryable: false, kind: undefined };
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
  [425, connectionFailed],
  [429, connectionFailed],
  [431, refusedForGood],
  [500, connectionFailed],
  [501, failedForGood],
  [502, connectionFailed],
  [503, connectionFailed],
  [504, connectionFailed],
  [505, failedForGood],
  [520, connectionFailed],
  [521, connectionFailed],
  [522, connectionFailed],
  [523, connectionFailed],
  [524, connectionFailed],
  [529, connectionFailed],
  [530, failedForGood],
])('answer of a gateway is judged by its status %d', (status, expected) => {
  const error = fromGateway(status);
  expect(error).toMatchObject({ ...expected, queryId: 'q-1', operation: 'marketData.find' });
  expect(error.message).toContain(`HTTP ${status} from nginx (text/html)`);
  expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
});

it.each([
  ['no', [400, 401, 413, 425, 429, 529]],
  ['maybe', [200, 302, 408, 500, 501, 502, 503, 504, 524]],
])('request may have been executed: %s, when a gateway answers %j', (sent, statuses) => {
  expect(statuses.map((status) => classifyFailure(answerOf(status)).sent)).toEqual(statuses.map(() => sent));
});

it('every status of the table is tested', () => {
  const tested = [401, 403, 407, 408, 413, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529];
  expect(Object.keys(HTTP_STATUSES)).toEqual([...tested.map(String), '2xx', '3xx', '4xx', 'other']);
});

it('answer of a gateway keeps the time to wait of its Retry-After', () => {
  expect(fromGateway(429, { 'retry-after': '7' })).toMatchObject({ retryable: true, retryAfterMs: 7_000 });
  const past = new Date(Date.now() - 60_000).toUTCString();
  expect(fromGateway(503, { 'retry-after': past }).retryAfterMs).toBe(0);
  const later = fromGateway(503, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() });
  expect(later.retryAfterMs).toBeGreaterThan(3_000_000);
  for (const wrong of ['', '-1', '1.5', 'soon', '9'.repeat(40), 'Thu, 99 s3cret']) {
    expect(fromGateway(429, { 'retry-after': wrong }).retryAfterMs).toBeUndefined();
  }
});
