import { ConnectionError, QueryError, TimeoutError } from '@quantumtrade/dal-domain';
import { NotAdmittedError } from '@quantumtrade/dal-runtime';
import { toDomainError } from '../connection/errors.js';
import { readShards } from './shard-reads.js';

const shards = { shards: [1, 2, 3], valuesOf: (shard: number) => (shard === 2 ? ['A', 'B'] : null) };
const lost = (operation: string) => new ConnectionError('no copy can be used', { operation });
const failing = (errors: Readonly<Record<number, Error>>) =>
  readShards(shards, async (shard) => {
    if (errors[shard]) throw errors[shard];
    return `rows of ${shard}`;
  });

it('shards that cannot be reached are named by number', async () => {
  const reason = 'Connection failed: no copy can be used';
  expect(await failing({})).toEqual({
    answers: ['rows of 1', 'rows of 2', 'rows of 3'],
    missing: [],
  });
  expect(await failing({ 3: lost('find'), 2: lost('find') })).toEqual({
    answers: ['rows of 1'],
    missing: [
      { shard: 2, values: ['A', 'B'], reason },
      { shard: 3, values: null, reason },
    ],
  });
});

it.each([
  new QueryError('SELECT 1', 'MEMORY_LIMIT_EXCEEDED (241)', { operation: 'find', retryable: true }),
  new ConnectionError('the login is refused', { operation: 'find', retryable: false }),
  new TimeoutError(5, { operation: 'find' }),
  new TypeError('wrong'),
  toDomainError(new NotAdmittedError('QUEUE_FULL', 'the queue is full'), {
    ...{ operation: 'find', query: 'SELECT 1', elapsedMs: 1 },
  }),
])('any other failure of a shard fails the read: %s', async (error) => {
  await expect(failing({ 1: lost('find'), 2: error })).rejects.toBe(error);
});
