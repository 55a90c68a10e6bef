import type { StoreReadOptions } from '@quantumtrade/dal-domain';
import { marketData, toWriteToken } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { LatestLookups } from './latest-lookups.js';
import { SharedReads } from './shared-reads.js';

const readAfter = toWriteToken([{ endpoint: 'ch-1', shard: '1', record: 'marketData', id: 'a' }])!;

it('pages are shared unless they must see a write', async () => {
  const reads: unknown[] = [];
  const shared = new SharedReads<number>(1_000);
  const run = (options?: StoreReadOptions) =>
    shared.run('text', 'test', options, async (limits) => reads.push(limits?.readAfter));
  await Promise.all([run(), run()]);
  expect(reads).toEqual([undefined]);
  await Promise.all([run({ readAfter }), run({ readAfter }), run()]);
  expect(reads.slice(1).sort()).toEqual([readAfter, readAfter, undefined]);
});

it('lookups are shared unless they must see a write', async () => {
  const reads: unknown[] = [];
  const sql: Partial<Sql> = {
    shards: [1],
    collect: async (_operation, _query, _params, options) => {
      reads.push(options?.readAfter);
      return [];
    },
  };
  const lookups = new LatestLookups(sql as Sql, {
    ...{ definition: marketData, by: ['symbol'], thenBy: [], areSets: false, isIdentifier: false },
    ...{ operation: 'marketData.latest', timeoutMs: 1_000 },
  });
  const find = (options?: StoreReadOptions) => lookups.find(['A'], 1, options);
  await Promise.all([find(), find()]);
  expect(reads).toEqual([undefined]);
  await Promise.all([find({ readAfter }), find({ readAfter })]);
  expect(reads.slice(1)).toEqual([readAfter, readAfter]);
});
