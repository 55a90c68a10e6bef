import { inspect } from 'node:util';
import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { HttpFaultProxy } from '@quantumtrade/dal-testing/proxies';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { connectClickHouse } from '../backend.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';

const HOUR = 3_600_000;
const START = Date.UTC(2024, 0, 2);
const ROWS = 300;

afterEach(() => {
  proxy.profile = '';
});

let own: OwnBackend;
let proxy: HttpFaultProxy;
let backend: TimeSeriesBackend;

const barsOf = (symbol: string, close: string) =>
  Array.from({ length: ROWS }, (_, i) =>
    buildRow('marketData', { symbol, timestamp: START + i * HOUR, close }),
  );

beforeAll(async () => {
  own = await openOwnBackend();
  proxy = await HttpFaultProxy.start({ url: own.settings.url });
  backend = connectClickHouse({ ...own.settings, url: proxy.url, retry: { maxAttempts: 1 } });
  const { marketData, features, predictions } = own.backend;
  // Two versions of each row, in parts of their own.
  await own.sql.on('system').command('test', `SYSTEM STOP MERGES ${own.sql.database}.market_data`);
  for (const close of ['1.12345678', '2.5']) {
    for (const symbol of ['A', 'B']) await marketData.insert({ source: 's', records: barsOf(symbol, close) });
  }
  await features.insert(
    [0, 1, 2].map((i) => ({
      symbol: 'A',
      timestamp: START + i * HOUR,
      features: { a: i, b: 0.5 },
      version: 1,
    })),
  );
  const { insertedCount } = await predictions.insert({
    modelVersion: 'm',
    strategy: 's',
    predictions: Array.from({ length: 20 }, (_, i) =>
      buildRow('predictions', {
        predictionId: `p${i}`,
        symbol: 'A',
        timestamp: START + i * HOUR,
        predictionHorizon: 60,
      }),
    ),
  });
  expect(insertedCount).toBe(20);
});

afterAll(async () => {
  await backend.probe.close();
  await proxy.stop();
  await own.close();
});

/** Returns a text that is equal for equal answers, whatever they took. */
const textOf = (answer: unknown): string =>
  inspect(answer, { depth: 9, maxArrayLength: Infinity, breakLength: Infinity }).replace(
    /executionTimeMs: [\d.e-]+/g,
    '',
  );

async function listOf<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const rows: T[] = [];
  for await (const batch of batches) rows.push(...batch);
  return rows;
}

const READS: Readonly<Record<string, (b: TimeSeriesBackend) => Promise<unknown>>> = {
  find: (b) => b.marketData.find({ limit: 50, filters: { source: 's' } }, { exact: true }),
  findTime: (b) => b.marketData.find({ order: 'time', direction: 'descending', limit: 70 }),
  findSymbol: (b) => b.marketData.find({ symbol: 'A' }),
  stream: (b) => listOf(b.marketData.stream({ order: 'time' })),
  columns: (b) => b.marketData.columns({ symbols: ['A', 'B'] }, { exact: true }),
  latest: (b) => b.marketData.latest('A', 3),
  latestMany: (b) => b.marketData.latestMany(['A', 'B', 'C'], 2),
  aggregate: (b) => b.analytics.aggregate({ interval: '1d' }, { exact: true }),
  aggregateNone: (b) => b.analytics.aggregate({ symbol: 'none', groupBy: [] }),
  lateBars: (b) => b.analytics.lateBars({}),
  evaluate: (b) => b.predictions.dueForEvaluation(60, START + 10 * HOUR),
  findById: (b) => b.predictions.findById('p3'),
  sets: (b) => b.features.find({}),
  latestSet: (b) => b.features.latestMany(['A']),
};

it.each([
  'limit=3&offset=2',
  'result_overflow_mode=break&max_result_rows=5',
  'timeout_overflow_mode=break&max_execution_time=1',
  "additional_table_filters={'market_data':'0'}",
  'max_block_size=7&preferred_block_size_bytes=1000',
  'low_cardinality_allow_in_native_format=0',
  'low_cardinality_max_dictionary_size=1',
  'output_format_native_encode_types_in_binary_format=1',
  'output_format_native_write_json_as_string=1',
  'output_format_native_use_flattened_dynamic_and_json_serialization=1',
  'output_format_schema=x',
  'default_format=JSON',
  'dialect=kusto',
  "http_response_headers={'X-ClickHouse-Query-Id':'x'}",
  'enable_http_compression=0',
  'wait_end_of_query=1&buffer_size=10',
  'select_sequential_consistency=1',
  'final=1',
  'join_use_nulls=1&transform_null_in=1&cast_keep_nullable=1',
  'aggregate_functions_null_for_empty=1',
  'use_variant_as_common_type=1',
  'enable_analyzer=0',
  'enable_positional_arguments=0&implicit_select=1',
  'use_query_condition_cache=1',
  'use_skip_indexes=0&optimize_use_projections=0',
  'optimize_read_in_order=0&optimize_aggregation_in_order=1',
  'query_plan_enable_optimizations=0',
  'count_distinct_implementation=uniq&union_default_mode=DISTINCT',
  'compatibility=20.3',
])('every read has its whole answer when the profile sets %s', async (profile) => {
  for (const [name, read] of Object.entries(READS)) {
    const expected = textOf(await read(own.backend));
    proxy.profile = encodeURI(profile);
    expect([name, textOf(await read(backend))]).toEqual([name, expected]);
    proxy.profile = '';
  }
});

it.each([
  ['max_rows_to_group_by=2&group_by_overflow_mode=any', 'TOO_MANY_ROWS'],
  ['max_rows_to_sort=5&sort_overflow_mode=break', 'TOO_MANY_ROWS_OR_BYTES'],
  ['max_rows_in_set=1&set_overflow_mode=break', 'SET_SIZE_LIMIT_EXCEEDED'],
  ['force_primary_key=1', 'INDEX_NOT_USED'],
  ['force_index_by_date=1', 'INDEX_NOT_USED'],
  ['max_columns_to_read=3', 'TOO_MANY_COLUMNS'],
])('reads fail or are whole when the profile sets %s', async (profile, error) => {
  let failures = 0;
  for (const [name, read] of Object.entries(READS)) {
    const expected = textOf(await read(own.backend));
    proxy.profile = encodeURI(profile);
    const outcome = await read(backend).then(textOf, ({ message }: Error) => message);
    proxy.profile = '';
    if (outcome.includes(error)) failures++;
    else expect([name, outcome]).toEqual([name, expected]);
  }
  expect(failures).toBeGreaterThan(0);
});
