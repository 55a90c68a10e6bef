import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { EXIT } from '../exit-codes.js';
import { OwnDatabase, qtdal, ScratchDirectory } from '../testing.js';

const scratch = new ScratchDirectory();
const own = new OwnDatabase('doctor');
const configWith = (redisUrl: string) => scratch.file(`${new URL(redisUrl).port}.toml`, own.config(redisUrl));
const config = configWith(process.env['REDIS_URL']!);

afterAll(async () => {
  await own.drop();
  scratch.remove();
});

const doctor = () => qtdal('doctor', '--config', config);

it('qtdal doctor names tables that may lose rows, with reasons', async () => {
  const before = await doctor();
  expect(before.code).toBe(EXIT.data);
  expect(before.out).toMatch(
    /^FAILED {2}guarantees: the schema is not initialized: there is no market_data, /m,
  );

  expect((await qtdal('migrate', '--config', config)).code).toBe(EXIT.ok);
  const migrated = await doctor();
  expect(migrated.out).toMatch(/^ok {6}guarantees: stored, distinct, idempotent, keyed; not synced: fsync/m);
  expect(migrated.out).toMatch(/^ok {6}clock: the server 127\.0\.0\.1:\d+ (sends no time|is \d+ ms )/m);
  expect(migrated.code).toBe(EXIT.ok);

  await own.sql('DROP TABLE features SYNC');
  await own.sql('CREATE TABLE features AS market_data ENGINE = MergeTree ORDER BY symbol');
  const { code, out } = await doctor();
  expect(code).toBe(EXIT.data);
  expect(out).toMatch(
    /^FAILED {2}guarantees: features is not idempotent: non_replicated_deduplication_window is 0, and engine MergeTree/m,
  );
}, 60_000);

it('qtdal doctor reports why cache invalidations are disconnected', async () => {
  const mayNotTrack = ['on', '>s3cr3t', '~*', '&*', '+@all', '-client|tracking'];
  const redis = await RedisProcess.start('--user', 'ann', ...mayNotTrack);
  const blind = configWith(redis.url.replace('//', '//ann:s3cr3t@'));
  const { out } = await qtdal('doctor', '--config', blind);
  expect(out).toMatch(
    /^ok {6}cache: .*; invalidations are disconnected \(the server answered NOPERM\), so nothing is kept in process$/m,
  );
  await redis.kill();
}, 60_000);
