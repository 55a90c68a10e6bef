import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { HttpFaultProxy } from '@quantumtrade/dal-testing/proxies';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { connectClickHouse } from '../backend.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { ClickHouseClient } from './clickhouse-client.js';
import { PINNED_SETTINGS } from './pinned-settings.js';

const HOUR = 3_600_000;
const START = Date.UTC(2024, 0, 2);
const ROWS = 3_000;

let own: OwnBackend;
let proxy: HttpFaultProxy;
let backend: TimeSeriesBackend;

const barsOf = (symbol: string, count: number, stepMs: number) =>
  Array.from({ length: count }, (_, i) =>
    buildRow('marketData', { symbol, timestamp: START + i * stepMs, close: '1.12345678' }),
  );

beforeAll(async () => {
  own = await openOwnBackend();
  proxy = await HttpFaultProxy.start({ url: own.settings.url });
  backend = connectClickHouse({ ...own.settings, url: proxy.url, retry: { maxAttempts: 1 } });
  await own.backend.marketData.insert({ source: 's', records: barsOf('READ', ROWS, 60_000) });
});

afterAll(async () => {
  await backend.probe.close();
  await proxy.stop();
  await own.close();
});

it('pinned settings include every overflow mode of the engine', async () => {
  const found = await own.sql
    .on('system')
    .rows<{ name: string }>(
      'test',
      "SELECT name FROM settings WHERE name LIKE '%overflow_mode%' AND tier != 'Obsolete'",
    );
  expect(found.length).toBeGreaterThan(8);
  for (const { name } of found) expect(PINNED_SETTINGS).toHaveProperty(name, 'throw');
});

it('engine accepts every pinned setting', async () => {
  const found = await own.sql
    .on('system')
    .rows<{ name: string; value: string }>(
      'test',
      'SELECT name, value FROM settings WHERE name IN {names:Array(String)}',
      { names: Object.keys(PINNED_SETTINGS) },
    );
  const inForce = Object.fromEntries(found.map(({ name, value }) => [name, value]));
  expect(inForce).toEqual(
    Object.fromEntries(Object.entries(PINNED_SETTINGS).map(([name, value]) => [name, String(value)])),
  );
});

it('engine accepts the quorum of replicated copies', async () => {
  const { url, ...settings } = own.settings;
  const cluster = { name: 'bars', layout: [{}] };
  const client = new ClickHouseClient({ ...settings, endpoints: [{ url }], cluster });
  const inForce = await client
    .sql('system')
    .rows('test', "SELECT name, value FROM settings WHERE name LIKE 'insert_quorum%' ORDER BY name");
  await client.close();
  expect(inForce).toEqual([
    { name: 'insert_quorum', value: 'auto' },
    { name: 'insert_quorum_parallel', value: '1' },
    { name: 'insert_quorum_timeout', value: '120000' },
  ]);
});

it.each([
  'max_result_rows=1000&result_overflow_mode=break&max_block_size=1000',
  'max_result_rows=1000&max_block_size=1000&http_write_exception_in_output_format=1',
  'limit=500',
  'offset=500',
  'additional_result_filter=0',
  "additional_table_filters={'market_data':'0'}",
  'discard_query_data=1',
  'final=1&use_query_cache=1&extremes=1',
  'output_format_json_array_of_rows=0&output_format_json_quote_decimals=0&output_format_float_precision=1',
  'date_time_output_format=simple&session_timezone=Asia/Tokyo&output_format_decimal_trailing_zeros=0',
  'send_progress_in_http_headers=1&http_headers_progress_interval_ms=0',
  'timeout_overflow_mode=break&max_execution_time=0.001',
])('reads return all rows when the profile sets %s', async (profile) => {
  proxy.profile = encodeURI(profile);
  const { data, totalCount } = await backend.marketData.find({ symbol: 'READ' }, { exact: true });
  proxy.profile = '';
  expect(totalCount).toBe(ROWS);
  expect(data).toHaveLength(ROWS);
  expect(data[ROWS - 1]).toMatchObject({
    close: '1.12345678',
    timestamp: new Date(START + (ROWS - 1) * 60_000),
  });
});

it.each([
  ['max_rows_to_read=1000&read_overflow_mode=break&max_block_size=100', 'TOO_MANY_ROWS'],
  ['max_rows_to_read_leaf=1000&read_overflow_mode_leaf=break&max_block_size=100', 'TOO_MANY_ROWS'],
])('read fails when the profile would cut it short: %s', async (profile, name) => {
  proxy.profile = profile;
  await expect(backend.marketData.find({ symbol: 'READ' })).rejects.toThrow(name);
  proxy.profile = '';
});

it('finds newest rows when the profile compiles aggregates of instants before 1970', async () => {
  const instants = [START, -10 * 24 * HOUR, -1];
  const records = instants.map((timestamp) =>
    buildRow('strategyPerformance', { strategyName: 'x', timestamp, parameters: { timestamp } }),
  );
  await own.backend.strategyPerformance.insert({ records });
  proxy.profile = 'compile_aggregate_expressions=1&min_count_to_compile_aggregate_expression=0';
  const found = await backend.strategyPerformance.latestMany(['x', 'X', 'x']);
  proxy.profile = '';
  expect([...found].map(([name, { timestamp }]) => [name, timestamp])).toEqual([['x', new Date(START)]]);
});

it('aggregation fails when the profile would cut it short', async () => {
  proxy.profile = 'max_rows_to_group_by=5&group_by_overflow_mode=any';
  const aggregation = backend.analytics.aggregate({ symbol: 'READ', interval: '1h' });
  await expect(aggregation).rejects.toThrow('TOO_MANY_ROWS');
  proxy.profile = '';
});

it.each([
  'async_insert=1&wait_for_async_insert=0',
  'timeout_overflow_mode=break&max_execution_time=0.000001',
  'deduplicate_insert=disable&insert_deduplicate=0',
  'max_insert_block_size=10&use_strict_insert_block_limits=1',
])('acknowledged rows are stored when the profile sets %s', async (profile) => {
  const symbol = `W${profile.length}`;
  proxy.profile = profile;
  const result = await backend.marketData.insert({ source: 's', records: barsOf(symbol, 50, HOUR / 60) });
  proxy.profile = '';
  expect(result).toMatchObject({ insertedCount: 50, updatedCount: 0 });
  expect((await own.backend.marketData.find({ symbol })).data).toHaveLength(50);
});

it('server stops a result above the limits', async () => {
  const small = connectClickHouse({ ...own.settings, maxResultRows: ROWS - 1 });
  const exact = connectClickHouse({ ...own.settings, maxResultRows: ROWS });
  const narrow = connectClickHouse({ ...own.settings, maxResultBytes: 100_000 });
  try {
    await expect(small.marketData.find({ symbol: 'READ' })).rejects.toMatchObject({
      name: 'QueryError',
      message: `Query execution failed: the result has more than ${ROWS - 1} rows (maxResultRows); ask for less by limit, or page by startTime and endTime`,
    });
    expect((await small.marketData.find({ symbol: 'READ', limit: 10 })).totalCount).toBe(ROWS);
    expect((await exact.marketData.find({ symbol: 'READ' })).data).toHaveLength(ROWS);
    await expect(narrow.marketData.find({ symbol: 'READ' })).rejects.toThrow('100000 bytes (maxResultBytes)');
    // Looking up keys is no result for a caller.
    const again = await small.marketData.insert({ source: 's', records: barsOf('READ', ROWS, 60_000) });
    expect(again).toMatchObject({ updatedCount: ROWS });
  } finally {
    for (const each of [small, exact, narrow]) await each.probe.close();
  }
});
