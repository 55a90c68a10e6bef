import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedClickHouse, type EmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { until } from '@quantumtrade/dal-testing';
import { EXIT } from '../exit-codes.js';
import { OwnDatabase, qtdal, ScratchDirectory } from '../testing.js';

const scratch = new ScratchDirectory();
const own = new OwnDatabase('storage');
const config = scratch.file('own.toml', own.config());
const withRetention = (days: number) =>
  scratch.file(`${days}.toml`, `${own.config()}[retention.market_data]\ndelete_after_days = ${days}\n`);
const retained = withRetention(365);

const now = new Date().toISOString().slice(0, 10);
const bars = scratch.file(
  'bars.csv',
  `date,open,high,low,close,volume\n2000-01-03,1,2,1,1,10\n${now},1,2,1,1,10\n`,
);

beforeAll(async () => {
  expect((await qtdal('migrate', '--config', config)).code).toBe(EXIT.ok);
  expect((await qtdal('ingest', bars, '--symbol', 'X', '--config', config)).code).toBe(EXIT.ok);
}, 60_000);
afterAll(async () => {
  await own.drop();
  scratch.remove();
});

it('qtdal storage prints rows, parts, bytes and ages by partition', async () => {
  const { code, out } = await qtdal('storage', '--config', config);
  expect(code).toBe(EXIT.ok);
  expect(out).toMatch(
    /^market_data +200001 +1 +1 +\d+ bytes +\d+ bytes +\d+\.\d +2000-01-03T00:00:00 +2000-01-03T00:00:00$/m,
  );
  const json = JSON.parse((await qtdal('storage', '--json', '--config', config)).out);
  expect(json.servers[0].partitions).toContainEqual(
    expect.objectContaining({
      table: 'market_data',
      partition: '200001',
      rows: 1,
      oldest: Date.UTC(2000, 0, 3),
    }),
  );
});

it('qtdal storage plan prints statements and rows they delete', async () => {
  expect((await qtdal('storage', 'plan', '--config', config)).out).toBe(
    'Retention is applied as it is configured.\n',
  );
  const { code, out } = await qtdal('storage', 'plan', '--config', retained);
  expect(code).toBe(EXIT.ok);
  expect(out).toMatch(
    /^ALTER TABLE market_data MODIFY TTL timestamp \+ toIntervalDay\(365\);\n {2}deletes 1 rows, \d+ bytes, of partition 200001\n$/,
  );
  expect((await qtdal('storage', '--config', retained)).out).toContain(
    'market_data: retention is configured and not applied; run `qtdal storage plan`',
  );
});

it('qtdal storage apply needs --yes when rows are deleted', async () => {
  const refused = await qtdal('storage', 'apply', '--config', retained);
  expect(refused.code).toBe(EXIT.usage);
  expect(refused.err).toMatch(/deletes 1 rows, .* of partition 200001\nNothing was changed: add --yes/);
  expect(await own.sql('SELECT count() FROM market_data')).toBe('2\n');
  const doctor = await qtdal('doctor', '--config', retained);
  expect(doctor.out).toMatch(/^ok {6}retention: market_data: retention is configured and not applied; /m);
  expect(doctor.code).toBe(EXIT.ok);

  expect((await qtdal('migrate', '--config', retained)).code).toBe(EXIT.ok);
  expect(await own.sql('SELECT count() FROM market_data')).toBe('2\n');
  expect((await qtdal('storage', 'apply', '--yes', '--config', retained)).code).toBe(EXIT.ok);
  await own.sql('OPTIMIZE TABLE market_data FINAL');
  expect(await own.sql('SELECT count() FROM market_data')).toBe('1\n');
  expect((await qtdal('migrate', '--config', retained)).code).toBe(EXIT.ok);
  expect((await qtdal('doctor', '--config', retained)).out).toMatch(
    /^ok {6}retention: applied as configured$/m,
  );

  const drifted = await qtdal('migrate', '--config', withRetention(30));
  expect(drifted.code).toBe(EXIT.data);
  expect(drifted.out).toContain('DRIFT  table market_data: TTL is timestamp + toIntervalDay(365), expected');
}, 60_000);

it('qtdal storage refuses a wrong retention by name', async () => {
  const wrong = scratch.file('wrong.toml', `${own.config()}[retention.features]\nmove_after_days = 3\n`);
  const { code, err } = await qtdal('storage', 'plan', '--config', wrong);
  expect(code).toBe(EXIT.usage);
  expect(err).toContain('retention.features.moveToVolume - must be given with moveAfterDays');
});

describe('a server with two volumes', () => {
  let server: EmbeddedClickHouse;
  beforeAll(async () => {
    const disk = join(scratch.path, 'cold');
    mkdirSync(disk);
    server = await startEmbeddedClickHouse({
      configuration: `<storage_configuration>
        <disks><cold_disk><path>${disk}/</path></cold_disk></disks>
        <policies><default><volumes>
          <hot><disk>default</disk></hot><cold><disk>cold_disk</disk></cold>
        </volumes></default></policies>
      </storage_configuration>`,
    });
  });
  afterAll(() => server.stop());

  it('qtdal storage apply moves old rows to the second volume', async () => {
    const text = own
      .config()
      .replace(/^url = "http.*$/m, `url = "${server.url}"`)
      .replace(/^username = .*$/m, `username = "${server.username}"`)
      .replace(/^password = .*$/m, `password = "${server.password}"`);
    const retention = '[retention.market_data]\nmove_after_days = 365\nmove_to_volume = ';
    const tiers = scratch.file('tiers.toml', `${text}${retention}"cold"\n`);
    const call = (...args: string[]) => qtdal(...args, '--config', tiers);
    const login = { url: server.url, username: server.username, password: server.password };
    const partsOn = async () => {
      const parts = await queryClickHouse(
        login,
        `SELECT partition, disk_name FROM system.parts WHERE active AND table = 'market_data' ORDER BY partition`,
        own.name,
      );
      return parts
        .trim()
        .split('\n')
        .map((line) => line.split('\t'));
    };
    const month = now.slice(0, 7).replace('-', '');
    expect((await call('migrate')).code).toBe(EXIT.ok);
    expect((await call('ingest', bars, '--symbol', 'X')).code).toBe(EXIT.ok);
    expect(await partsOn()).toEqual([
      ['200001', 'default'],
      [month, 'default'],
    ]);
    expect((await call('storage', 'plan')).out).toContain(
      "MODIFY TTL timestamp + toIntervalDay(365) TO VOLUME 'cold'",
    );
    expect(await call('storage', 'apply')).toMatchObject({ code: EXIT.ok, err: '' });
    await until(async () => (await partsOn()).some(([, disk]) => disk === 'cold_disk'));
    expect(await partsOn()).toEqual([
      ['200001', 'cold_disk'],
      [month, 'default'],
    ]);
    expect((await call('query', 'market-data', '--symbol', 'X', '--json')).out).toMatch(/2000-01-03/);
    expect((await call('storage', 'plan')).out).toBe('Retention is applied as it is configured.\n');
    const wrong = scratch.file('no-volume.toml', `${text}${retention}"frozen"\n`);
    const refused = await qtdal('storage', 'apply', '--config', wrong);
    expect(refused.code).not.toBe(EXIT.ok);
    expect(refused.err).toContain('must be a volume of the storage policy default, which has hot, cold');
  }, 60_000);
});
