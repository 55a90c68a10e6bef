import { STATUS_CODES } from 'node:http';
import type { AnyDatabaseError, ErrorCode, ErrorKind } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import { z } from 'zod';
import { RefusedRequest } from './refused-request.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** Body of every failed request: RFC 9457 with the members of the data layer's errors. */
export const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({
      description:
        'CONNECTION, QUERY, VALIDATION, MIGRATION, CACHE or TIMEOUT of the data layer; UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, ' +
        'RATE_LIMITED, OVERLOADED, STOPPING, REQUEST or INTERNAL of the service',
    }),
    operation: z.string().optional().meta({ description: 'The operation that failed, e.g. marketData.find' }),
    retryable: z.boolean().meta({ description: 'Whether the same request may succeed later' }),
    field: z.string().optional().meta({ description: 'The parameter or member that is wrong' }),
    requestId: z.string(),
  })
  .meta({ id: 'Problem', description: 'Problem details of a failed request' });

/** A failed request as its client sees it, apart from the id of the request. */
export interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly operation?: string;
  readonly retryable: boolean;
  readonly field?: string;
  /** Whole seconds for `Retry-After`; absent where the same request is not worth repeating. */
  readonly retryAfterSeconds?: number;
}

const STATUS: Readonly<Record<ErrorCode, number>> = {
  CONNECTION: 503,
  QUERY: 500,
  VALIDATION: 400,
  MIGRATION: 500,
  CACHE: 503,
  TIMEOUT: 504,
};

const STATUS_BY_KIND: Readonly<Record<ErrorKind, number>> = {
  LOGIN_REFUSED: 502,
  TOO_LARGE: 413,
  SCAN_LIMIT: 422,
  MEMORY_LIMIT: 503,
  STORE_FULL: 507,
  OBJECT_LOCKED: 409,
  OBJECT_DAMAGED: 500,
};

const RETRYABLE_STATUS = new Set([429, 503, 504]);
const DEFAULT_RETRY_MS = 1_000;

/** Returns the problem of an error. Texts of errors that are neither the data layer's nor the service's are not shown. */
export function toProblem(error: unknown, operation?: string): Problem {
  if (isDatabaseError(error)) return databaseProblem(error);
  if (error instanceof RefusedRequest) {
    const { statusCode, message, code, retryAfterMs } = error;
    return retryAfterMs === undefined
      ? { status: statusCode, detail: message, code, retryable: false }
      : { status: statusCode, detail: message, code, retryable: true, ...retryAfter(retryAfterMs) };
  }
  return validationProblem(error, operation) ?? requestProblem(error);
}

/** Returns the body of a problem. */
export const problemBody = (
  { status, detail, code, operation, retryable, field }: Problem,
  requestId: string,
): z.infer<typeof problemSchema> => ({
  type: 'about:blank',
  title: STATUS_CODES[status] ?? 'Error',
  status,
  detail,
  code,
  ...(operation !== undefined && { operation }),
  retryable,
  ...(field !== undefined && { field }),
  requestId,
});

function databaseProblem(error: AnyDatabaseError): Problem {
  const { code, kind, message, operation, retryable, retryAfterMs = DEFAULT_RETRY_MS } = error;
  const status = kind ? STATUS_BY_KIND[kind] : STATUS[code];
  return {
    status,
    detail: message,
    code,
    operation,
    retryable,
    ...(error.code === 'VALIDATION' && { field: error.field }),
    ...(retryable && RETRYABLE_STATUS.has(status) && retryAfter(retryAfterMs)),
  };
}

const retryAfter = (ms: number) => ({ retryAfterSeconds: Math.max(1, Math.ceil(ms / 1_000)) });

/** An issue of a parameter, as the validator of fastify reports it. */
interface ParameterIssue {
  readonly instancePath: string;
  readonly message: string;
  readonly params?: { readonly keys?: readonly string[] };
}

const MAX_FIELD_LENGTH = 200;

/** Returns the problem of a parameter that its schema refuses. */
function validationProblem(error: unknown, operation: string | undefined): Problem | undefined {
  const [issue] = (error as { validation?: readonly ParameterIssue[] } | undefined)?.validation ?? [];
  if (!issue) return undefined;
  const field = (issue.params?.keys?.[0] ?? issue.instancePath.slice(1).replaceAll('/', '.')).slice(
    0,
    MAX_FIELD_LENGTH,
  );
  const reason = issue.params?.keys ? 'unknown parameter' : issue.message;
  return {
    status: 400,
    detail: `Data validation failed: ${field} - ${reason}`,
    code: 'VALIDATION',
    ...(operation !== undefined && { operation }),
    retryable: false,
    field,
  };
}

/** Details of requests that fastify refuses. Its own texts may quote the request. */
const REQUEST_DETAILS: Readonly<Record<number, string>> = {
  400: 'the request body is not valid JSON',
  404: 'there is no such route',
  408: 'the request did not arrive in time',
  413: 'the request body is larger than http.max_body_bytes',
  415: 'the request body must be application/json',
};

function requestProblem(error: unknown): Problem {
  const status = (error as { statusCode?: number } | undefined)?.statusCode ?? 500;
  if (status >= 400 && status < 500) {
    const detail = REQUEST_DETAILS[status] ?? STATUS_CODES[status] ?? 'the request is refused';
    return { status, detail, code: 'REQUEST', retryable: false };
  }
  const detail = 'the service failed; its log has the reason under the id of the request';
  return { status: 500, detail, code: 'INTERNAL', retryable: false };
}
