import { setImmediate } from 'node:timers/promises';
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

it('a read gets the number of its callers', async () => {
  const counts: number[] = [];
  const shared = new SharedReads<number>(1_000);
  const run = (options?: StoreReadOptions) =>
    shared.run('text', 'test', options, async (_, callers) => counts.push(callers));
  await Promise.all([run(), run()]);
  await Promise.all([run(), run({ readAfter })]);
  await run();
  expect(counts).toEqual([2, 1, 1, 1]);
});

it('a read that is sent behind another one counts those that waited', async () => {
  const counts: number[] = [];
  const ends: (() => void)[] = [];
  const shared = new SharedReads<number>(1_000);
  const run = () =>
    shared.run('text', 'test', undefined, async (_, callers) => {
      counts.push(callers);
      await new Promise<void>((resolve) => ends.push(resolve));
      return 1;
    });
  const first = run();
  await setImmediate();
  const others = [run(), run(), run()];
  ends[0]!();
  await first;
  await setImmediate();
  ends[1]!();
  await Promise.all(others);
  expect(counts).toEqual([1, 3]);
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
