import {
  CacheError,
  ConnectionError,
  MigrationError,
  QueryError,
  TimeoutError,
  ValidationError,
} from '@quantumtrade/dal-domain';
import { problemBody, toProblem, problemSchema } from './problem.js';
import { RefusedRequest } from './refused-request.js';

const operation = 'marketData.find';

describe('toProblem', () => {
  it.each([
    [new ConnectionError('refused', { operation }), 503, 'CONNECTION', 1],
    [new ConnectionError('busy', { operation, retryAfterMs: 2_100 }), 503, 'CONNECTION', 3],
    [new ConnectionError('closed', { operation, retryable: false }), 503, 'CONNECTION', undefined],
    [
      new ConnectionError('login', { operation, kind: 'LOGIN_REFUSED', retryable: false }),
      502,
      'CONNECTION',
      undefined,
    ],
    [new QueryError('SELECT 1', 'failed', { operation }), 500, 'QUERY', undefined],
    [new QueryError('SELECT 1', 'size', { operation, kind: 'TOO_LARGE' }), 413, 'QUERY', undefined],
    [new QueryError('SELECT 1', 'scan', { operation, kind: 'SCAN_LIMIT' }), 422, 'QUERY', undefined],
    [
      new QueryError('SELECT 1', 'memory', { operation, kind: 'MEMORY_LIMIT', retryable: true }),
      503,
      'QUERY',
      1,
    ],
    [new ValidationError('limit', 'is wrong', { operation }), 400, 'VALIDATION', undefined],
    [new MigrationError(3, 'failed', { operation }), 500, 'MIGRATION', undefined],
    [new CacheError('down', { operation }), 503, 'CACHE', 1],
    [new TimeoutError(5, { operation }), 504, 'TIMEOUT', 1],
  ])('maps %s', (error, status, code, retryAfterSeconds) => {
    const problem = toProblem(error);
    expect(problem).toMatchObject({ status, code, operation, detail: error.message });
    expect(problem.retryable).toBe(error.retryable);
    expect(problem.retryAfterSeconds).toBe(retryAfterSeconds);
    expect(problemSchema.parse(problemBody(problem, 'id'))).toMatchObject({ status, requestId: 'id' });
  });

  it('names the field of a validation error', () => {
    expect(toProblem(new ValidationError('limit', 'is wrong', { operation })).field).toBe('limit');
  });

  it('maps a refusal of the service', () => {
    expect(toProblem(new RefusedRequest('OVERLOADED', 'too many', 2_500))).toEqual({
      status: 503,
      detail: 'too many',
      code: 'OVERLOADED',
      retryable: true,
      retryAfterSeconds: 3,
    });
  });

  it.each([
    new Error('canary'),
    Object.assign(new Error('canary'), { statusCode: 400 }),
    'canary',
    undefined,
  ])('hides the text of the unknown error %s', (error) => {
    expect(JSON.stringify(toProblem(error))).not.toContain('canary');
  });
});
