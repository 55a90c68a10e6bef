import { inspect } from 'node:util';
import { until } from '@quantumtrade/dal-testing';
import { ownSettings } from '../testing/own-backend.js';
import { ClickHouseClient } from './clickhouse-client.js';

const client = new ClickHouseClient(ownSettings());
const sql = client.sql('system');
afterAll(() => client.close());

/** Returns a query that runs for a minute unless it is killed. Its tag identifies it. */
const slow = (tag: string) => `SELECT sum(sleepEachRow(0.1)) AS ${tag} FROM numbers(600)
  SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0`;

let tags = 0;
const newTag = () => `tag_${process.pid}_${Date.now()}_${++tags}`;

const isRunning = async (tag: string, readRows = 0): Promise<boolean> => {
  const found = await sql.rows(
    'test',
    `SELECT query_id FROM system.processes
     WHERE query LIKE {pattern:String} AND query NOT LIKE '%system.processes%' AND read_rows >= {readRows:UInt64}`,
    { pattern: `%${tag}%`, readRows },
  );
  return found.length > 0;
};

it('kills a query on the server when its deadline passes', async () => {
  const tag = newTag();
  const call = sql.rows('test', slow(tag), {}, { deadline: Date.now() + 1_500 });
  const failed = expect(call).rejects.toMatchObject({ name: 'TimeoutError', operation: 'test' });
  await until(() => isRunning(tag));
  await failed;
  await until(async () => !(await isRunning(tag)));
});

it.each([
  ['a read', (query: string, signal: AbortSignal) => sql.rows('test', query, {}, { signal })],
  [
    'a command',
    (query: string, signal: AbortSignal) =>
      sql.command('test', `INSERT INTO FUNCTION null('x Float64') ${query}`, {}, { signal }),
  ],
])('kills %s on the server when it is aborted', async (_, run) => {
  const tag = newTag();
  const controller = new AbortController();
  const call = run(slow(tag), controller.signal);
  const failed = expect(call).rejects.toBe('not wanted any more');
  await until(() => isRunning(tag));
  controller.abort('not wanted any more');
  await failed;
  await until(async () => !(await isRunning(tag)));
});

it('kills a query while its rows arrive', async () => {
  const tag = newTag();
  const controller = new AbortController();
  const call = sql.rows(
    'test',
    `SELECT number AS ${tag}, randomPrintableASCII(1000) AS s FROM numbers(1000000000) WHERE sleepEachRow(0.0001) = 0
     SETTINGS max_block_size = 1000`,
    {},
    { signal: controller.signal },
  );
  const failed = expect(call).rejects.toThrow('enough');
  await until(() => isRunning(tag, 20_000));
  controller.abort(new Error('enough'));
  await failed;
  await until(async () => !(await isRunning(tag)));
});

it('killed query holds its slot until the server has ended it', async () => {
  const status = () => client.endpoints()[0]!;
  await until(() => status().orphanedQueries === 0);
  const controller = new AbortController();
  const tag = newTag();
  const query = `SELECT sleepEachRow(0.2) AS ${tag} FROM numbers(15) SETTINGS max_block_size = 5`;
  const call = sql.rows('test', query, {}, { signal: controller.signal });
  const failed = expect(call).rejects.toThrow('enough');
  await until(() => isRunning(tag));
  controller.abort(new Error('enough'));
  await failed;
  expect(status()).toMatchObject({ orphanedQueries: 1, quarantined: 1, inUse: 1 });
  await until(() => status().quarantined === 0);
  expect(await isRunning(tag)).toBe(false);
  await until(() => status().orphanedQueries === 0);
  expect(status().orphanSeconds).toBeGreaterThan(0);
});

it('read fails when an error comes behind rows', async () => {
  const query = `SELECT number, throwIf(number = 300000, 's3cret') AS x FROM numbers(600000) SETTINGS max_block_size = 10000`;
  const error = await sql.rows('test', query).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ operation: 'test', queryId: expect.any(String) });
  expect(inspect((error as Error).message)).not.toContain('s3cret');
});

it('binds values of any text', async () => {
  const texts = [
    "'; DROP TABLE x; --",
    '\\',
    '{x:String}',
    '\u0000\t\r\n\b',
    '日本🚀',
    '',
    '%27&param_text=y',
  ];
  for (const text of texts) {
    expect(await sql.rows('test', 'SELECT {text:String} AS text', { text })).toEqual([{ text }]);
  }
  expect(await sql.rows('test', 'SELECT {texts:Array(String)} AS texts', { texts })).toEqual([{ texts }]);
  const long = Array.from({ length: 3_000 }, (_, i) => `${i}'`);
  expect(await sql.rows('test', 'SELECT {long:Array(String)} AS long', { long })).toEqual([{ long }]);
});

it('returns 64-bit integers and decimals as exact bigints', async () => {
  expect(
    await sql.rows('test', `SELECT 18446744073709551615 AS n, toDecimal64('9999999999.9', 8) AS d`),
  ).toEqual([{ n: 18446744073709551615n, d: 999999999990000000n }]);
});

it('refused login names neither user nor password', async () => {
  const stranger = new ClickHouseClient(ownSettings({ username: 'str4nger', password: 's3cret' }));
  const error = await stranger.ping().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'ConnectionError', retryable: false });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/str4nger|s3cret/);
  await stranger.close();
});

it('queries of other databases work before the database exists', async () => {
  const own = ownSettings();
  const newcomer = new ClickHouseClient(own);
  await newcomer.ping();
  expect(await newcomer.sql(own.database).on('system').rows('test', 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  await expect(newcomer.sql(own.database).rows('test', 'SELECT 1')).rejects.toThrow('UNKNOWN_DATABASE');
  await newcomer.close();
});

it('rejects a query that is longer than allowed', async () => {
  const brief = new ClickHouseClient(ownSettings({ maxQuerySize: 100 }));
  const query = `SELECT ${'1 + '.repeat(100)} 1`;
  await expect(brief.sql('system').rows('test', query)).rejects.toThrow('Max query size exceeded');
  await brief.close();
});
