import { ConnectionError, QueryError, type AnyDatabaseError } from '@quantumtrade/dal-domain';
import { socketFailureOf } from '@quantumtrade/dal-runtime';
import type { CallDetails, ToDatabaseError } from '../store-calls.js';
import { requestRefused, storeFull } from '../store-errors.js';

const EXPIRED = 'the credentials have expired';
const NO_CREDENTIALS = 'no AWS credentials were found';

/** Names of errors of the service and of the SDK about credentials. Messages are not quoted. */
const LOGIN_REFUSED: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: 'the access key does not exist',
  SignatureDoesNotMatch: 'the secret access key is wrong',
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  InvalidToken: 'the session token is wrong',
  CredentialsProviderError: NO_CREDENTIALS,
  TokenProviderError: NO_CREDENTIALS,
};

const REGION = 'the bucket is in another region';

/** Names of errors about requests that stay refused. */
const REFUSED: Readonly<Record<string, string>> = {
  NoSuchBucket: 'the bucket does not exist',
  InvalidBucketName: 'the name of the bucket is not valid',
  AccessDenied: 'access was denied: the user lacks a right in the bucket',
  PermanentRedirect: REGION,
  AuthorizationHeaderMalformed: REGION,
  IllegalLocationConstraintException: REGION,
};

const FULL = new Set([
  'QuotaExceeded',
  'QuotaExceededException',
  'InsufficientStorage',
  'XMinioStorageFull',
  'XMinioAdminBucketQuotaExceeded',
]);

/** Names of errors that pass, whatever their status. */
const PASSING = new Set([
  'BadDigest',
  'IncompleteBody',
  'OperationAborted',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'SlowDown',
  'ThrottlingException',
  'TooManyRequestsException',
  'XAmzContentSHA256Mismatch',
]);

const PASSING_STATUSES = new Set([408, 429]);
const LOGIN_STATUSES = new Set([401, 403, 407]);
const INSUFFICIENT_STORAGE = 507;

/** The part of an error of the SDK that is read. */
interface SdkError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Returns the error of the data layer for an error of S3 or its SDK, none of whose texts are quoted. */
export const s3Error: ToDatabaseError = (failure, details) => {
  const { name, message, code, syscall, $metadata } = Object(failure) as SdkError;
  const known = knownError(String(name), details);
  if (known) return known;
  if (message === 'Region is missing')
    return requestRefused('the region is missing: set it, or AWS_REGION', details);
  const transport = socketFailureOf(codeOf(code, message), syscall);
  if (transport) return new ConnectionError(transport.why, { ...details, retryable: transport.retryable });
  return errorOfStatus(
    $metadata?.httpStatusCode,
    /^\w{1,60}$/.test(String(name)) ? String(name) : 'Error',
    details,
  );
};

function knownError(name: string, details: CallDetails): AnyDatabaseError | undefined {
  if (Object.hasOwn(LOGIN_REFUSED, name)) return loginRefused(LOGIN_REFUSED[name]!, details);
  if (Object.hasOwn(REFUSED, name)) return requestRefused(REFUSED[name]!, details);
  if (FULL.has(name)) return storeFull(name, details);
  if (name === 'EntityTooLarge') {
    return new QueryError(details.operation, 'the object is too large for the bucket', {
      ...details,
      kind: 'TOO_LARGE',
    });
  }
  return PASSING.has(name) ? new ConnectionError(`S3 failed (${name})`, details) : undefined;
}

function errorOfStatus(status: number | undefined, name: string, details: CallDetails): AnyDatabaseError {
  const what = status === undefined ? name : `${name}, status ${status}`;
  if (status === INSUFFICIENT_STORAGE) return storeFull(what, details);
  if (LOGIN_STATUSES.has(status!))
    return loginRefused(`S3 or a gateway refuses the credentials (${what})`, details);
  const isPassing = status === undefined || status >= 500 || PASSING_STATUSES.has(status);
  if (isPassing) return new ConnectionError(`S3 failed (${what})`, details);
  return requestRefused(`S3 refuses the request (${what})`, details);
}

const loginRefused = (reason: string, details: CallDetails): ConnectionError =>
  new ConnectionError(reason, { ...details, kind: 'LOGIN_REFUSED', retryable: false });

/** The SDK may wrap the error of a socket, and then leaves its code in the message alone. */
const codeOf = (code: unknown, message: unknown): string =>
  typeof code === 'string' ? code : (/\bE(?:AI_)?[A-Z]{4,}\b/.exec(String(message))?.[0] ?? '');
