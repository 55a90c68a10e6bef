import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '@quantumtrade/dal-config';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import { prometheusName } from '@quantumtrade/dal-exporters';
import { METRICS, subscribeTracing, type MetricName } from '@quantumtrade/dal-telemetry';
import { listen, until } from '@quantumtrade/dal-testing';
import { loginOf, queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { hasPrometheus, PrometheusProcess, promtool } from '@quantumtrade/dal-testing/prometheus';
import { bars } from '@quantumtrade/dal-testing/records';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-node';
import { composeDatabase, type ComposedDatabase } from '../compose-database.js';
import { scrape, sampleValue } from '../testing/scrape.js';
import { composeTelemetry, type Telemetry } from './compose-telemetry.js';

const DOCKER = join(import.meta.dirname, '../../../../docker');
const clickhouse = loginOf(process.env['CLICKHOUSE_URL']!);
const database = `telemetry_${process.pid}`;
const directory = mkdtempSync(join(tmpdir(), 'telemetry-'));
const config = parseConfig(
  `[clickhouse]
  url = "${clickhouse.url}"
  username = "${clickhouse.username}"
  password = "${clickhouse.password}"
  database = "${database}"
  [redis]
  url = "${process.env['REDIS_URL']}"
  key_prefix = "${database}:"
  [writer]
  directory = "${join(directory, 'writer')}"
  [telemetry.logs]
  destination = "file"
  file = "${join(directory, 'dal.log')}"
  audit = true`,
  {},
);

let telemetry: Telemetry;
let composed: ComposedDatabase;
beforeAll(async () => {
  await queryClickHouse(clickhouse, `CREATE DATABASE ${database}`);
  telemetry = await composeTelemetry(config);
  composed = await composeDatabase(config, { audit: telemetry.audit });
  telemetry.watch(composed.database);
  await composed.database.initializeSchema();
});
afterAll(async () => {
  await composed.close();
  await telemetry.close();
  await queryClickHouse(clickhouse, `DROP DATABASE IF EXISTS ${database} SYNC`);
  rmSync(directory, { recursive: true });
});

const select = async (query: string): Promise<number[]> =>
  (await queryClickHouse(clickhouse, query)).trim().split(/\s+/).map(Number);

it('one scrape has all six families, as an independent count confirms', async () => {
  const { database: dal } = composed;
  const calls = new Map<string, number>();
  const errors = new Map<string, number>();
  const call = async <T>(operation: string, run: () => Promise<T>): Promise<T | undefined> => {
    calls.set(operation, (calls.get(operation) ?? 0) + 1);
    try {
      return await run();
    } catch (error) {
      const key = `${operation} ${isDatabaseError(error) ? error.code : 'FAILED'}`;
      errors.set(key, (errors.get(key) ?? 0) + 1);
      return undefined;
    }
  };
  const hits = { hit: 0, miss: 0 };
  for (let n = 0; n < 5; n++) {
    await call('marketData.insert', () => dal.insertMarketData(bars([`A${n}`, `B${n}`], () => n * 60_000)));
  }
  const writer = await dal.batchWriter();
  await Promise.all(Array.from({ length: 10 }, (_, n) => writer.write('marketData', bars([`W${n}`]))));
  await writer.close();
  for (let n = 0; n < 12; n++) {
    const latest = await call('marketData.latest', () => dal.getLatestMarketData(`A${n % 3}`, 1));
    hits[latest!.cacheHit ? 'hit' : 'miss']++;
  }
  for (let n = 0; n < 4; n++) await call('marketData.find', () => dal.getMarketData({ symbol: `A${n}` }));
  await call('marketData.find', () => dal.getMarketData({ limit: -1 }));
  await call('marketData.find', () => dal.getMarketData({}, { deadline: 1 }));
  await call('marketData.insert', () => dal.insertMarketData({ source: 5 } as never));

  const samples = await scrape(telemetry.renderMetrics);
  // Query times by operation, and errors by operation and class.
  for (const [operation, count] of calls) {
    const labels = { db_operation_name: operation, db_system_name: 'clickhouse' };
    expect([operation, sampleValue(samples, 'db_client_operation_duration_seconds_count', labels)]).toEqual([
      operation,
      count,
    ]);
    const last = { ...labels, le: '+Inf' };
    expect(sampleValue(samples, 'db_client_operation_duration_seconds_bucket', last)).toBe(count);
  }
  expect(errors.size).toBe(3);
  for (const [key, count] of errors) {
    const [operation, type] = key.split(' ');
    const labels = { db_operation_name: operation!, error_type: type! };
    expect([key, sampleValue(samples, 'quantumtrade_dal_operation_errors_total', labels)]).toEqual([
      key,
      count,
    ]);
  }
  // Connections.
  const { endpoints } = await dal.health();
  const pool = { db_client_connection_pool_name: new URL(clickhouse.url).host };
  expect(sampleValue(samples, 'db_client_connection_max', pool)).toBe(config.clickhouse.maxConnections);
  expect(sampleValue(samples, 'db_client_connection_count', pool)).toBe(endpoints![0]!.idle);
  expect(
    sampleValue(samples, 'db_client_connection_count', { db_client_connection_pool_name: 'redis' }),
  ).toBeGreaterThan(0);
  // Cache.
  const requests = (level: string, result: string) =>
    sampleValue(samples, 'quantumtrade_dal_cache_requests_total', {
      quantumtrade_dal_cache_level: level,
      quantumtrade_dal_cache_result: result,
    });
  expect(hits).toEqual({ hit: 9, miss: 3 });
  expect([requests('l1', 'hit'), requests('l2', 'hit')].reduce((sum, each) => sum + each)).toBe(hits.hit);
  expect(requests('l2', 'miss')).toBe(hits.miss);
  // Rows and bytes ingested.
  const [rows] = await select(`SELECT count() FROM ${database}.market_data`);
  const record = { quantumtrade_dal_record: 'marketData' };
  expect(rows).toBe(20);
  expect(sampleValue(samples, 'quantumtrade_dal_ingest_rows_total', record)).toBe(rows);
  expect(sampleValue(samples, 'quantumtrade_dal_ingest_size_bytes_total', record)).toBeGreaterThan(20 * 40);
  // Storage by table and partition.
  const [compressed, uncompressed, stored] = await select(
    `SELECT sum(data_compressed_bytes), sum(data_uncompressed_bytes), sum(rows) FROM system.parts
     WHERE active AND database = '${database}' AND table = 'market_data' AND partition_id = '197001'`,
  );
  const partition = { db_collection_name: 'market_data', quantumtrade_dal_partition: '197001' };
  const size = (form: string) =>
    sampleValue(samples, 'quantumtrade_dal_storage_size_bytes', {
      ...partition,
      quantumtrade_dal_storage_form: form,
    });
  expect(sampleValue(samples, 'quantumtrade_dal_storage_rows', partition)).toBe(stored);
  expect([size('compressed'), size('uncompressed')]).toEqual([compressed, uncompressed]);
  expect(
    sampleValue(samples, 'quantumtrade_dal_storage_compression_ratio', { db_collection_name: 'market_data' }),
  ).toBeCloseTo(uncompressed! / compressed!, 6);
});

it('each operation and modification leaves one log line', async () => {
  const { database: dal } = composed;
  telemetry.logger.info('begin');
  await dal.insertMarketData(bars(['LOGGED']));
  await dal.getMarketData({ symbol: 'LOGGED' });
  await dal.getMarketData({ limit: -1 }).catch(() => undefined);
  await until(() => linesAfter('begin').length >= 4);
  const lines = linesAfter('begin');
  const endpoint = new URL(clickhouse.url).host;
  expect(lines).toEqual([
    expect.objectContaining({ operation: 'marketData.insert', rows: 1, bytes: expect.any(Number), endpoint }),
    expect.objectContaining({ operation: 'marketData.insert', audit: true, insertedCount: 1 }),
    expect.objectContaining({
      ...{ operation: 'marketData.find', backend: 'clickhouse', rows: 1, endpoint },
      ...{ queryId: expect.any(String), attempts: expect.any(Number), durationMs: expect.any(Number) },
    }),
    expect.objectContaining({
      level: 'error',
      operation: 'marketData.find',
      error: expect.objectContaining({ code: 'VALIDATION' }),
    }),
  ]);
});

const linesAfter = (msg: string): Record<string, unknown>[] => {
  const lines = readLines();
  const begin = lines.findIndex((line) => line['msg'] === msg);
  return begin < 0 ? [] : lines.slice(begin + 1);
};

const readLines = (): Record<string, unknown>[] =>
  readFileSync(join(directory, 'dal.log'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

// A machine without Prometheus and without Debian's packages skips these.
const itInPrometheus = hasPrometheus() ? it : it.skip;

itInPrometheus('Prometheus scrapes, stores exemplars and evaluates the alert rules', async () => {
  const { body } = await telemetry.renderMetrics();
  // The name is that of the OpenTelemetry conventions.
  const complaint = await promtool(['check', 'metrics'], body).catch(String);
  expect(complaint.split('\n').slice(1).filter(Boolean)).toEqual([
    'db_client_connection_count non-histogram and non-summary metrics should not have "_count" suffix',
  ]);
  const stopTracing = subscribeTracing(new BasicTracerProvider());
  const accepted: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    accepted.push(request.headers.accept);
    void telemetry
      .renderMetrics(request.headers.accept)
      .then(({ contentType, body }) => response.writeHead(200, { 'content-type': contentType }).end(body));
  });
  const target = `127.0.0.1:${await listen(server)}`;
  const rules = [join(DOCKER, 'prometheus/alerts.yml')];
  const prometheus = await PrometheusProcess.start({ target, rules });
  try {
    await until(async () => {
      await composed.database.getMarketData({ symbol: 'TRACED' });
      return (await prometheus.exemplars('db_client_operation_duration_seconds_bucket')).length > 0;
    });
    const [exemplar] = await prometheus.exemplars('db_client_operation_duration_seconds_bucket');
    expect(exemplar!['trace_id']).toMatch(/^[0-9a-f]{32}$/);
    expect(accepted[0]).toContain('application/openmetrics-text');
    expect(await prometheus.scrapeError()).toBe('');
    const [ready] = await prometheus.query('quantumtrade_dal_ready');
    expect(ready!.value).toBe(1);
    const [p99] = await prometheus.query(
      'histogram_quantile(0.99, sum by (le) (db_client_operation_duration_seconds_bucket{db_operation_name="marketData.find"}))',
    );
    expect(p99!.value).toBeGreaterThan(0);
    await until(async () => (await prometheus.query('ALERTS')).length === 0);
  } finally {
    stopTracing();
    await prometheus.kill();
    server.close();
    server.closeAllConnections();
  }
});

itInPrometheus('alert rules pass their unit tests', async () => {
  await promtool(['check', 'rules', join(DOCKER, 'prometheus/alerts.yml')]);
  await promtool(['test', 'rules', join(DOCKER, 'prometheus/alerts.test.yml')]);
});

it('alert rules and dashboards name defined metrics and labels only', () => {
  const boards = join(DOCKER, 'grafana/dashboards');
  const files = [
    join(DOCKER, 'prometheus/alerts.yml'),
    join(DOCKER, 'prometheus/alerts.test.yml'),
    ...readdirSync(boards)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(boards, name)),
  ];
  const defined = new Set(
    (Object.keys(METRICS) as MetricName[]).flatMap((name) => {
      const { family, sample } = prometheusName(name);
      const { kind, attributes } = METRICS[name];
      const labels = attributes.map((attribute) => attribute.replace(/\W/g, '_'));
      const histogram =
        kind === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${family}_${part}`) : [];
      return [sample, ...histogram, ...labels];
    }),
  );
  for (const file of files) {
    const names = readFileSync(file, 'utf8').match(
      /\b(quantumtrade_dal|db_client|db_operation|db_collection|error_type|server_(address|port))\w*/g,
    )!;
    expect([file, names.filter((name) => !defined.has(name))]).toEqual([file, []]);
    expect(names.length).toBeGreaterThan(10);
  }
});
