import type { BlockArchive } from '@quantumtrade/dal-domain/operations';
import { connectClickHouse } from './backend.js';

it('an archive is refused with replicated copies', () => {
  const endpoints = [{ url: 'http://ch-1', shard: '1' }];
  const cluster = { name: 'bars', copies: 'replicated', layout: [{ shards: 1 }] } as const;
  expect(() => connectClickHouse({ endpoints, cluster }, { archive: {} as BlockArchive })).toThrow(
    expect.objectContaining({ code: 'VALIDATION', field: 'archive' }),
  );
});
