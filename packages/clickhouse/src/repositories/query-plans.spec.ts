import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { connectClickHouse } from '../backend.js';
import { FakeServer, rows } from '../testing/fake-server.js';

let server: FakeServer;
let backend: TimeSeriesBackend;

beforeEach(async () => {
  server = await FakeServer.start(rows({ rows: 1 }));
  backend = connectClickHouse({ url: server.url, retry: { maxAttempts: 1 } });
});

afterEach(async () => {
  await backend.probe.close();
  await server.stop();
});

it.each([
  ['marketData', { symbol: 'A', direction: 'descending', limit: 5 }],
  ['marketData', { order: 'time' }],
  ['marketData', { order: 'none', limit: 30_000 }],
  ['marketData', { limit: 30_000 }],
  ['features', { order: 'none' }],
  ['features', { symbol: 'A', filters: { featureName: 'a' } }],
] as const)('explain of %s returns the statement that find sends with %j', async (record, params) => {
  const { sql } = await backend.queryPlans.explain(record, params);
  expect(server.queries).toEqual([]);
  // The rows of the fake server are not those of the record.
  const { find } = backend[record] as { find(params: object): Promise<unknown> };
  await find(params).catch(() => undefined);
  expect(server.queries[0]).toContain(sql);
});

it('explain names the rules that made the statement cheaper', async () => {
  const { sql, rules } = await backend.queryPlans.explain('marketData', { symbol: 'A', limit: 5 });
  expect(sql).toContain('LIMIT 6');
  expect(rules.map(({ rule }) => rule)).toEqual(['fixed-fields', 'key-order']);
  expect(rules[1]!.why).toContain('reading stops at the limit');
});

it('explain describes what follows a timeout and a lack of memory', async () => {
  const { afterTimeout, afterMemoryLimit } = await backend.queryPlans.explain('marketData', {
    order: 'time',
  });
  expect(afterTimeout!.sql).toContain('timestamp >= fromUnixTimestamp64Milli({sliceFirst:Int64}');
  expect(afterTimeout!.rules.map(({ rule }) => rule)).toEqual(['scan-budget', 'time-slices']);
  expect(afterMemoryLimit!.sql).toBe(afterTimeout!.sql);
  expect(afterMemoryLimit!.rules.at(-1)!.rule).toBe('less-memory');
});

it('explain describes chunks of rows in key order', async () => {
  const { afterTimeout, afterMemoryLimit } = await backend.queryPlans.explain('marketData');
  expect(afterTimeout!.sql).toMatch(/LIMIT 2501$/);
  expect(afterTimeout!.rules.map(({ rule }) => rule)).toEqual(['key-order', 'key-chunks']);
  expect(afterMemoryLimit!.rules.map(({ rule }) => rule)).toEqual(['key-order', 'less-memory']);
});

it.each([
  ['marketData', { limit: 1_000 }],
  // Its filter is on a field in which versions may differ, so that they are merged by the engine.
  ['predictions', { direction: 'descending', filters: { modelVersion: 'x' } }],
  ['features', {}],
] as const)('explain describes no faster way for %s with %j', async (record, params) => {
  expect((await backend.queryPlans.explain(record, params)).afterTimeout).toBeNull();
});

it.each([
  [{ interval: '1h', measure: 'close' }, ['time-slices'], ['time-slices', 'less-memory']],
  [{ groupBy: ['symbol'], measure: 'close' }, ['time-slices'], ['time-slices', 'less-memory']],
  [{ record: 'features', measure: 'featureValue' }, undefined, ['less-memory']],
] as const)('explainAggregation describes how %j is read', async (params, onTimeout, onLackOfMemory) => {
  const plan = await backend.queryPlans.explainAggregation(params as object);
  expect(plan.rules).toEqual([]);
  expect(plan.afterTimeout?.rules.map(({ rule }) => rule)).toEqual(onTimeout);
  expect(plan.afterMemoryLimit?.rules.map(({ rule }) => rule)).toEqual(onLackOfMemory);
  expect(server.queries).toEqual([]);
  await backend.analytics.aggregate(params as object).catch(() => undefined);
  const [budgetCheck, sent] = server.queries;
  expect(budgetCheck).toContain('EXPLAIN ESTIMATE');
  expect(sent).toContain(plan.sql);
});
