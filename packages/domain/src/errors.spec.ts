import type { AnyDatabaseError } from './errors.js';
import {
  CacheError,
  ConnectionError,
  isDatabaseError,
  MigrationError,
  QueryError,
  TimeoutError,
  ValidationError,
} from './errors.js';

const details = { operation: 'test' };

/** Each line without an error expectation compiles; each with one is refused by the compiler. */
function detailOf(error: unknown): string | number | undefined {
  if (!isDatabaseError(error)) return undefined;
  error satisfies AnyDatabaseError;
  // @ts-expect-error only a query error has a query
  void error.query;
  switch (error.code) {
    case 'QUERY':
      error satisfies QueryError;
      return error.query;
    case 'VALIDATION':
      error satisfies ValidationError;
      return `${error.field} ${error.reason}`;
    case 'MIGRATION':
      error satisfies MigrationError;
      return error.version;
    case 'TIMEOUT':
      error satisfies TimeoutError;
      // @ts-expect-error a timeout has no field
      void error.field;
      return error.durationMs;
    case 'CONNECTION':
      error satisfies ConnectionError;
      return error.endpoint;
    case 'CACHE':
      error satisfies CacheError;
      return error.retryAfterMs;
    default:
      return error satisfies never;
  }
}

it.each([
  [new QueryError('SELECT 1', 'failed', details), 'SELECT 1'],
  [new ValidationError('limit', 'too large', details), 'limit too large'],
  [new MigrationError(7, 'failed', details), 7],
  [new TimeoutError(250, details), 250],
  [new ConnectionError('broke', { ...details, endpoint: 'ch-2:8123' }), 'ch-2:8123'],
  [new CacheError('busy', { ...details, retryAfterMs: 5 }), 5],
  [new Error('foreign'), undefined],
  [{ code: 'QUERY', query: 'SELECT 1' }, undefined],
  [null, undefined],
])('isDatabaseError narrows %s by its code', (error, detail) => {
  expect(detailOf(error)).toBe(detail);
});

it('message of every error ends with its endpoint', () => {
  const at = { ...details, endpoint: 'ch-2:8123' };
  const errors = [
    new QueryError('SELECT 1', 'failed', at),
    new ValidationError('limit', 'too large', at),
    new MigrationError(7, 'failed', at),
    new TimeoutError(250, at),
    new ConnectionError('broke', at),
    new CacheError('busy', at),
  ];
  for (const error of errors) expect(error.message).toMatch(/\w at ch-2:8123$/);
  expect(new ConnectionError('broke', details).message).toBe('Connection failed: broke');
});
