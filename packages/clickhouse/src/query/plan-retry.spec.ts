import { ConnectionError, QueryError, TimeoutError } from '@quantumtrade/dal-domain';
import { shortageOf } from './plan-retry.js';

const operation = 'test';

it.each([
  [new TimeoutError(1, { operation, queryId: 'q' }), 'time'],
  [new QueryError('', 'MEMORY_LIMIT_EXCEEDED (241)', { operation, kind: 'MEMORY_LIMIT' }), 'memory'],
])('shortage of %s is %s', (error, shortage) => {
  expect(shortageOf(error)).toBe(shortage);
});

it.each([
  // Nothing was sent of this call.
  new TimeoutError(1, { operation }),
  new QueryError('', 'TOO_MANY_ROWS (158)', { operation, kind: 'SCAN_LIMIT' }),
  new ConnectionError('the connection broke', { operation, queryId: 'q' }),
  new Error('another'),
])('%s is no shortage', (error) => {
  expect(shortageOf(error)).toBeUndefined();
});
