import { s3Error } from './s3-error.js';

const DETAILS = { operation: 'objectStore.get', endpoint: 's3://bucket' };

const summary = (failure: object) => {
  const { code, kind, retryable } = s3Error(failure, DETAILS);
  return [code, kind, retryable];
};

const answered = (httpStatusCode: number, name = 'Unknown') => ({ name, $metadata: { httpStatusCode } });

it.each([
  [answered(403, 'SignatureDoesNotMatch'), ['CONNECTION', 'LOGIN_REFUSED', false]],
  [{ name: 'CredentialsProviderError' }, ['CONNECTION', 'LOGIN_REFUSED', false]],
  [answered(407), ['CONNECTION', 'LOGIN_REFUSED', false]],
  [answered(403, 'AccessDenied'), ['QUERY', undefined, false]],
  [answered(404, 'NoSuchBucket'), ['QUERY', undefined, false]],
  [answered(400, 'InvalidArgument'), ['QUERY', undefined, false]],
  [answered(403, 'QuotaExceeded'), ['QUERY', 'STORE_FULL', true]],
  [answered(507), ['QUERY', 'STORE_FULL', true]],
  [answered(400, 'EntityTooLarge'), ['QUERY', 'TOO_LARGE', false]],
  [answered(503, 'SlowDown'), ['CONNECTION', undefined, true]],
  [answered(403, 'RequestTimeTooSkewed'), ['CONNECTION', undefined, true]],
  [answered(400, 'BadDigest'), ['CONNECTION', undefined, true]],
  [answered(500), ['CONNECTION', undefined, true]],
  [answered(429), ['CONNECTION', undefined, true]],
  [{ name: 'TimeoutError', code: 'ECONNRESET' }, ['CONNECTION', undefined, true]],
  [{ name: 'Error', message: 'connect ECONNREFUSED 10.0.0.1:443' }, ['CONNECTION', undefined, true]],
  [{ name: 'Error', code: 'ENOTFOUND', syscall: 'getaddrinfo' }, ['CONNECTION', undefined, false]],
  [new Error('Region is missing'), ['QUERY', undefined, false]],
  [new SyntaxError('<html>secret</html>'), ['CONNECTION', undefined, true]],
])('classifies %j', (failure, expected) => {
  expect(summary(failure)).toEqual(expected);
});

it('quotes no text of the service', () => {
  const { message } = s3Error({ ...answered(400, 'Bad name: s3cr3t'), message: 's3cr3t' }, DETAILS);
  expect(message).toBe('Query execution failed: S3 refuses the request (Error, status 400) at s3://bucket');
});
