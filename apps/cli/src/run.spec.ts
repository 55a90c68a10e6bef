import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SP500 } from './demo/sp500.js';
import { EXIT } from './exit-codes.js';
import { qtdal, qtdalWith, ScratchDirectory } from './testing.js';

const scratch = new ScratchDirectory();
afterAll(() => scratch.remove());

const memory = ['--backend', 'memory'];
const json = [...memory, '--json'];
const bars = (name: string, rows: readonly string[]) =>
  scratch.file(name, ['date,open,high,low,close,volume', ...rows].join('\n'));

describe('qtdal', () => {
  it('prints help with its exit codes', async () => {
    const { code, out, err } = await qtdal('--help');
    expect([code, err]).toEqual([EXIT.ok, '']);
    for (const command of ['demo', 'migrate', 'status', 'ingest', 'query', 'doctor', 'audit', 'dead-letter'])
      expect(out).toContain(command);
    expect(out).toMatch(/Exit codes: 0 ok; 1 .*130 interrupted/s);
    expect((await qtdal('ingest', '--help')).out).toContain('--map');
  });

  it.each([
    [['frobnicate'], /unknown command 'frobnicate'/],
    [[], /Usage: qtdal/],
    [['status', '--nonsense'], /unknown option '--nonsense'/],
    [['status', '--backend', 'oracle'], /clickhouse-redis, embedded, memory/],
    [['ingest'], /missing required argument 'file'/],
    [['ingest', 'x.csv', '--batch-size', '0'], /above 0/],
    [['ingest', 'x.csv', '--map', 'x=y'], /field among/],
    [['ingest', 'none.csv', '--symbol', 'X', ...memory], /none.csv cannot be read \(ENOENT\)/],
    [['ingest', 'x.csv', '--date-format', 'mm/dd/yyyy'], /mm is the minutes.*the month is MM/],
    [['ingest', SP500.file, '--symbol', 'X', '--timezone', 'EST5', ...memory], /IANA/],
    [['ingest', 'x.csv', '--ambiguous', 'both'], /earlier, later/],
    [['ingest', 'x.csv', '--default', 'open=1'], /field among volume, qualityScore/],
    [['ingest', 'x.csv', '--symbol', 'A', '--symbol', 'B'], /--symbol is given twice/],
    [['ingest', 'x.csv', '--map', 'open=a', '--map', 'open=b'], /--map gives open twice/],
    [['query', 'market-data', '--filter', 'source=a', '--filter', 'source=b'], /gives source twice/],
    [['query', 'market-data', 'aggregate'], /too many arguments/],
    [['migrate', 'newest'], /whole number/],
    [['migrate', 'create', 'New Table'], /lower-case letters/],
    [['query', 'everything'], /market-data, sentiment/],
    [['query', 'market-data', '--interval', '1d'], /--interval is for aggregate only/],
    [['query', 'features', '--exact'], /--exact does not go with features/],
    [['query', 'market-data', '--group-by', 'symbol'], /--group-by is for aggregate only/],
    [['query', 'predictions', '--latest', '1', '--symbol', 'X'], /--latest does not go with predictions/],
    [['query', 'market-data', '--latest', '1'], /--latest needs --symbol/],
    [['query', 'market-data', '--start', '01/02/2000'], /ambiguous: write it as 2008-10-01/],
    [['query', 'market-data', '--order', 'price'], /Allowed choices are time, key/],
    [['query', 'market-data', '--direction', 'up'], /Allowed choices are ascending, descending/],
    [
      ['query', 'market-data', '--select', 'symbol,price', ...memory],
      /select - must be among symbol, timestamp/,
    ],
    [['query', 'market-data', '--cursor', 'x', ...memory], /cursor - is no cursor/],
    [['query', 'market-data', '--symbols', 'A,', ...memory], /symbols\.1/],
    [['query', 'market-data', '--symbols', 'A', '--symbol', 'A', ...memory], /symbols/],
    [['query', 'aggregate', '--cursor', 'x'], /--cursor does not go with aggregate/],
    [['query', 'features', '--select', 'symbol'], /--select does not go with features/],
    [
      ['query', 'market-data', '--latest', '1', '--symbol', 'A', '--order', 'time'],
      /--latest does not go with --order/,
    ],
    [['query', 'market-data', '--filter', 'source'], /name=value/],
    [['query', 'market-data', '--filter', 'close=1', ...memory], /filters\.close/],
    [['query', 'aggregate', '--interval', '5x', ...memory], /interval/],
    [['status', '--config', 'none.toml'], /none.toml: cannot be read/],
  ])('refuses %j as wrong usage', async (args, message) => {
    const { code, out, err } = await qtdal(...args);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([EXIT.usage, '']);
  });

  it.each([
    [['ingest', 'a\u001b[31m\u202e.csv', '--symbol', 'X', ...memory]],
    [['ingest', 'a\u001b[31m\u202e.csv', '--symbol', 'X', ...json]],
    [['status', '--a\u001b[31m\u202e']],
    [['a\u001b[31m\u202e']],
    [['query', 'market-data', '--filter', 'a\u001b[31m\u202e=1', ...memory]],
    [['status', '--config', 'a\u001b[31m\u202e', '--verbose']],
    [['audit', 'verify', '--directory', 'a\u001b[31m\u202e']],
    [['dead-letter', 'show', 'a\u001b[31m\u202e']],
    [['demo', '--bars', 'a\u001b[31m\u202e']],
  ])('escapes the output of %j', async (args) => {
    const { out, err } = await qtdal(...args);
    expect(out + err).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(out + err).not.toBe('');
  });

  it('names the key of an invalid configuration without its value', async () => {
    const config = scratch.file(
      'wrong.toml',
      '[clickhouse]\npassword = "hunter2"\nmax_connections = "hunter2"\n',
    );
    const { code, err } = await qtdal('status', '--config', config);
    expect(code).toBe(EXIT.usage);
    expect(err).toMatch(/clickhouse\.max_connections/);
    expect(err).not.toContain('hunter2');
  });

  it('prints an error as one JSON document', async () => {
    const { code, out, err } = await qtdal('query', 'market-data', '--filter', 'close=1', ...json);
    expect([code, err]).toEqual([EXIT.usage, '']);
    expect(JSON.parse(out)).toMatchObject({ error: { name: 'ValidationError', code: 'VALIDATION' } });
  });

  it.each([
    [['status'], ['backends', 'health', 'metrics']],
    [['migrate'], ['from', 'to', 'store']],
    [
      ['migrate', 'status'],
      ['version', 'newest', 'applied'],
    ],
    [
      ['migrate', 'plan'],
      ['from', 'to', 'steps'],
    ],
    [['doctor'], ['ok', 'checks']],
    [
      ['query', 'aggregate'],
      ['data', 'totalCount', 'executionTimeMs', 'cacheHit'],
    ],
    [
      ['query', 'features', '--latest', '1', '--symbol', 'X'],
      ['data', 'totalCount', 'executionTimeMs', 'cacheHit'],
    ],
    [
      ['ingest', SP500.file, '--symbol', 'X'],
      ['file', 'source', 'resumedAt', 'rows'],
    ],
  ])('prints one JSON document for %j', async (args, keys) => {
    const { code, out } = await qtdal(...args, ...json);
    expect(code).toBe(EXIT.ok);
    expect(Object.keys(JSON.parse(out) as object)).toEqual(expect.arrayContaining(keys));
  });

  it.each(['market-data', 'sentiment', 'features', 'predictions', 'outcomes', 'performance', 'aggregate'])(
    'reads %s from an empty store',
    async (what) => {
      const { code, out } = await qtdal('query', what, '--limit', '5', ...memory);
      expect(code).toBe(EXIT.ok);
      expect(out).toMatch(/^0 rows in/);
    },
  );

  it('prints a summary of an ingestion', async () => {
    const { code, out } = await qtdal('ingest', SP500.file, '--symbol', '^GSPC', ...memory);
    expect(code).toBe(EXIT.ok);
    expect(out).toMatch(/5,105 rows read, 5,105 inserted, 0 updated, 0 refused, source csv/);
  });

  it('exits with 4 when rows were refused, and writes a file', async () => {
    const file = bars('bad.csv', [
      '2000-01-03,1,2,1,1,10',
      ...Array.from({ length: 25 }, () => '2000-01-04,1,2,one,1,10'),
    ]);
    const rejects = join(scratch.path, 'rejects.jsonl');
    const { code, out, err } = await qtdal('ingest', file, '--symbol', 'X', '--rejects', rejects, ...json);
    expect(code).toBe(EXIT.data);
    expect(JSON.parse(out)).toMatchObject({ insertedCount: 1, refusedCount: 25 });
    expect(err.match(/^line \d+: low must be/gm)).toHaveLength(20);
    const written = readFileSync(rejects, 'utf8').trim().split('\n');
    expect(written.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual(
      Array.from({ length: 25 }, (_, index) => index + 3),
    );
    expect((await qtdal('ingest', file, '--symbol', 'X', '--rejects', scratch.path, ...memory)).code).toBe(
      EXIT.usage,
    );
  });

  it('exits with 3 and the address when no server answers', async () => {
    const config = scratch.file(
      'nobody.toml',
      'backend = "clickhouse-redis"\n[clickhouse]\nurl = "http://127.0.0.1:9"\n[redis]\nurl = "redis://127.0.0.1:9"\n',
    );
    const ingest = await qtdal('ingest', SP500.file, '--symbol', 'X', '--config', config);
    expect(ingest.err).toMatch(/^qtdal: Connection failed: /m);
    expect(ingest.code).toBe(EXIT.connection);
    const status = await qtdal('status', '--config', config);
    expect(status.code).toBe(EXIT.connection);
    expect(status.out).toMatch(/http:\/\/127.0.0.1:9: DOES NOT ANSWER \(Connection failed: .*ECONNREFUSED/);
    expect(status.out).toMatch(/cache .*127\.0\.0\.1:9: DOES NOT ANSWER \(.+\)/);
    expect(status.out).toMatch(/^keeps +not known$/m);
    const doctor = await qtdal('doctor', '--config', config);
    expect(doctor.code).toBe(EXIT.connection);
    expect(doctor.out).toMatch(
      /FAILED {2}store: .*127\.0\.0\.1:9 does not answer: .*ECONNREFUSED.*\n +-> start ClickHouse/,
    );
    expect(doctor.out).toMatch(/FAILED {2}cache: .*127\.0\.0\.1:9 does not answer: .+\n +-> start Redis/);
  });

  it('connects to the configured URL when no backend is named', async () => {
    const env = {
      QTDAL_CLICKHOUSE__URL: 'http://ann:hunter2@127.0.0.1:9',
      QTDAL_REDIS__URL: 'redis://127.0.0.1:9',
    };
    const { code, out } = await qtdalWith(env, 'doctor');
    expect(code).toBe(EXIT.connection);
    expect(out).toMatch(/configuration: backend clickhouse-redis \(because clickhouse\.url is set\)/);
    expect(out).toMatch(/^clickhouse\.url +http:\/\/127\.0\.0\.1:9 +QTDAL_CLICKHOUSE__URL$/m);
    expect(out).toMatch(/^clickhouse\.password +set +clickhouse\.url of QTDAL_CLICKHOUSE__URL$/m);
    expect(out).not.toContain('hunter2');
  });

  it('suggests the right name for a similar variable', async () => {
    const refused = await qtdalWith({ QTDAL_CLICKHOUSE_URL: 'http://ch' }, 'status', ...memory);
    expect(refused.code).toBe(EXIT.usage);
    expect(refused.err).toMatch(/QTDAL_CLICKHOUSE_URL: unknown key, did you mean QTDAL_CLICKHOUSE__URL\?/);
    const { out } = await qtdalWith({ CLICKHOUSE_URL: 'http://ch' }, 'doctor', ...memory);
    expect(out).toMatch(
      /backend memory \(--backend\); CLICKHOUSE_URL is not read, QTDAL_CLICKHOUSE__URL would be/,
    );
  });

  it('prints the guarantees of the tables', async () => {
    const kept =
      'stored, distinct, idempotent, keyed; not synced: it is in memory; not replicated: it is in memory';
    expect((await qtdal('status', ...memory)).out).toContain(`keeps   ${kept}\n`);
    expect((await qtdal('doctor', ...memory)).out).toContain(`ok      guarantees: ${kept}\n`);
  });

  it('logs every operation to standard error when asked to', async () => {
    const { out, err } = await qtdal('migrate', '--verbose', ...json);
    const lines = err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ operation }) => operation)).toContain('schema.initialize');
    expect(lines.some(({ audit }) => audit === true)).toBe(true);
    expect(JSON.parse(out)).toMatchObject({ store: 'memory' });
  });

  it('runs a small demo in memory', async () => {
    const summary = join(scratch.path, 'summary.json');
    const args = ['demo', '--bars', '2000', '--symbols', '5', '--seed', '7', ...memory];
    const { code, out, err } = await qtdal(...args, '--json', summary);
    expect(err).toContain('generated minute bars stored: 2,000');
    expect(code).toBe(EXIT.ok);
    expect(out).toContain('Store: memory. Cache: memory. Seed: 7.');
    expect(JSON.parse(readFileSync(summary, 'utf8'))).toMatchObject({
      seed: 7,
      backends: { timeSeries: 'memory' },
    });
    expect(JSON.parse((await qtdal(...args, '--json')).out)).toMatchObject({ seed: 7 });
  });
});
