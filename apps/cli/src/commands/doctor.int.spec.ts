import { randomBytes } from 'node:crypto';
import { RedisProcess } from '@quantumtrade/dal-redis/testing/redis-process';
import { EXIT } from '../exit-codes.js';
import { qtdal, Scratch } from '../testing.js';

const scratch = new Scratch();
const server = new URL(process.env['CLICKHOUSE_URL']!);
const database = `doctor_${randomBytes(6).toString('hex')}`;

const configWith = (redisUrl: string) =>
  scratch.file(
    `${new URL(redisUrl).port}.toml`,
    `backend = "clickhouse-redis"
[clickhouse]
url = "${server.origin}"
username = "${decodeURIComponent(server.username) || 'default'}"
password = "${decodeURIComponent(server.password)}"
database = "${database}"
[redis]
url = "${redisUrl}"
key_prefix = "${database}:"
`,
  );
const config = configWith(process.env['REDIS_URL']!);

async function sql(query: string): Promise<void> {
  const login = `${decodeURIComponent(server.username)}:${decodeURIComponent(server.password)}`;
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  const answer = await fetch(server.origin, { method: 'POST', body: query, headers: { authorization } });
  if (!answer.ok) throw new Error(await answer.text());
}

afterAll(async () => {
  await sql(`DROP DATABASE IF EXISTS ${database} SYNC`);
  scratch.remove();
});

const doctor = () => qtdal('doctor', '--config', config);

it('names the tables that may lose rows or count them twice, and why', async () => {
  const before = await doctor();
  expect(before.code).toBe(EXIT.data);
  expect(before.out).toMatch(
    /^FAILED {2}guarantees: the schema is not initialized: there is no market_data, /m,
  );

  expect((await qtdal('migrate', '--config', config)).code).toBe(EXIT.ok);
  const migrated = await doctor();
  expect(migrated.out).toMatch(/^ok {6}guarantees: stored, distinct, idempotent, keyed; not synced: fsync/m);
  expect(migrated.code).toBe(EXIT.ok);

  await sql(`DROP TABLE ${database}.features SYNC`);
  await sql(
    `CREATE TABLE ${database}.features AS ${database}.market_data ENGINE = MergeTree ORDER BY symbol`,
  );
  const { code, out } = await doctor();
  expect(code).toBe(EXIT.data);
  expect(out).toMatch(
    /^FAILED {2}guarantees: features is not idempotent: non_replicated_deduplication_window is 0, and engine MergeTree/m,
  );
}, 60_000);

it('says why the cache is not told of changes', async () => {
  const mayNotTrack = ['on', '>s3cr3t', '~*', '&*', '+@all', '-client|tracking'];
  const redis = await RedisProcess.start('--user', 'ann', ...mayNotTrack);
  const blind = configWith(redis.url.replace('//', '//ann:s3cr3t@'));
  const { out } = await qtdal('doctor', '--config', blind);
  expect(out).toMatch(
    /^ok {6}cache: .*; changes are not told \(the server answered NOPERM\), so nothing is kept in process$/m,
  );
  await redis.kill();
}, 60_000);
