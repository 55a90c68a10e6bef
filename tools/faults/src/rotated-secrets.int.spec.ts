import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BatchWriterEvent } from '@quantumtrade/dal';
import { loadConfig } from '@quantumtrade/dal-config';
import { composeDatabase, type ComposedDatabase } from '@quantumtrade/dal-container';
import { Random, until } from '@quantumtrade/dal-testing';
import { AWS_CREDENTIALS, AWS_REGION, FakeSecretsManager } from '@quantumtrade/dal-testing/aws';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { PLAN, SEED } from './plan.js';
import { CallLoad } from './secrets/call-load.js';
import { ENGINE_USER, PasswordEngine } from './secrets/password-engine.js';

/** Longest time between the two changes of a rotation. */
const LONGEST_GAP_MS = 800;
/** Calls of each kind between two rotations. */
const ROUNDS = 3;

/** A password: what a server accepts, and what the source of the secret says. */
interface Rotated {
  accept(...passwords: string[]): unknown;
  publish(password: string): unknown;
  /** Whether the password has been used. */
  isUsed(password: string): boolean | Promise<boolean>;
}

/** Orders in which the server and the source change; all of them are in use. */
const ORDERS: Readonly<
  Record<string, (rotated: Rotated, from: string, to: string, gapMs: number) => Promise<void>>
> = {
  'server first': async ({ accept, publish }, _, to, gapMs) => {
    await accept(to);
    await delay(gapMs);
    await publish(to);
  },
  'source first': async ({ accept, publish }, _, to, gapMs) => {
    await publish(to);
    await delay(gapMs);
    await accept(to);
  },
  'both passwords valid': async ({ accept, publish, isUsed }, from, to) => {
    await accept(from, to);
    await publish(to);
    await until(() => isUsed(to));
    await accept(to);
  },
};

let directory: string;
let engine: PasswordEngine;
let redis: RedisProcess;
let admin: Redis;
let aws: FakeSecretsManager;
const environment = { ...process.env };
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rotated-secrets-'));
  [engine, redis, aws] = await Promise.all([
    PasswordEngine.start(),
    RedisProcess.start('--user', 'admin', 'on', '>admin', '~*', '&*', '+@all'),
    FakeSecretsManager.start(),
  ]);
  admin = new Redis(redis.port, '127.0.0.1', { username: 'admin', password: 'admin' });
  process.env['AWS_ACCESS_KEY_ID'] = AWS_CREDENTIALS.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = AWS_CREDENTIALS.secretAccessKey;
});
afterAll(async () => {
  process.env = environment;
  admin.disconnect();
  aws.stop();
  await Promise.all([engine.stop(), redis.kill()]);
  await rm(directory, { recursive: true });
});

const clickHousePassword: Rotated = {
  accept: (...passwords) => {
    engine.accepted.clear();
    for (const password of passwords) engine.accepted.add(password);
  },
  publish: (password) => {
    aws.answer = () => ({ SecretString: JSON.stringify({ username: ENGINE_USER, password }) });
  },
  isUsed: (password) => engine.logins.has(password),
};

/** Number of logins of the driver when the password was published. */
let loginsBefore = 0;
const loginCount = async () =>
  Number(/^cmdstat_auth:calls=(\d+)/m.exec(await admin.info('commandstats'))?.[1] ?? 0);
const redisPassword: Rotated = {
  accept: (...passwords) =>
    admin.acl(
      'SETUSER',
      'app',
      'on',
      'resetpass',
      ...passwords.map((each) => `>${each}`),
      '~*',
      '&*',
      '+@all',
    ),
  publish: async (password) => {
    loginsBefore = await loginCount();
    const file = join(directory, 'redis');
    await writeFile(`${file}.new`, `${password}\n`);
    await rename(`${file}.new`, file);
  },
  isUsed: async () => (await loginCount()) > loginsBefore,
};

/** Opens the data layer as a process does that starts. */
const open = async (): Promise<ComposedDatabase> =>
  composeDatabase(
    await loadConfig({
      env: {},
      text: `[clickhouse]
        url = "${engine.url}"
        username = "${ENGINE_USER}"
        password = "\${aws-sm:prod/clickhouse#password}"
        [redis]
        url = "${redis.url}"
        username = "app"
        password = "\${file:${join(directory, 'redis')}}"
        budget = 5
        [writer]
        directory = "${join(directory, 'writer')}"
        [secrets]
        lifetime = 2
        [secrets.aws]
        region = "${AWS_REGION}"
        endpoint = "${aws.endpoint}"`,
    }),
  );

it(`rotations under load fail no call (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  let current = 'first';
  for (const rotated of [clickHousePassword, redisPassword]) {
    await rotated.accept(current);
    await rotated.publish(current);
  }
  const { database, close } = await open();
  await database.initializeSchema();
  const events: BatchWriterEvent[] = [];
  const writers = await Promise.all(
    (['acknowledged', 'journaled'] as const).map((durability) =>
      database.batchWriter({ durability, maxAgeMs: 10, onEvent: (event) => events.push(event) }),
    ),
  );
  const load = new CallLoad(database, writers);
  const orders = Object.keys(ORDERS);
  for (let rotation = 0; rotation < PLAN.rotations; rotation++) {
    const target = load.rounds + ROUNDS;
    await until(() => load.rounds >= target);
    const next = `password-${rotation}-${random.below(2 ** 31)}`;
    const rotate = (rotated: Rotated) =>
      ORDERS[orders[(rotation + random.below(2)) % orders.length]!]!(
        rotated,
        current,
        next,
        random.below(LONGEST_GAP_MS),
      );
    await Promise.all([rotate(clickHousePassword), rotate(redisPassword)]);
    await until(() => clickHousePassword.isUsed(next));
    // Another connection opens, and another process starts.
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    const other = await open();
    expect(await other.database.cacheGet('key')).not.toBeNull();
    expect((await other.database.getMarketData({ symbols: ['S1'], limit: 1 })).data).toHaveLength(1);
    await other.close();
    current = next;
  }
  const target = load.rounds + ROUNDS;
  await until(() => load.rounds >= target);
  await load.stop();
  for (const writer of writers) await writer.close();
  expect(load.failed).toEqual([]);
  expect(engine.refusals).toBeGreaterThan(0);
  expect(events.filter(({ type }) => type === 'delivery-paused')).toEqual([]);
  const stored = new Set<number>();
  for await (const rows of database.marketData.stream({}))
    for (const { volume } of rows) stored.add(Number(volume));
  expect([...load.acknowledged].filter((number) => !stored.has(number))).toEqual([]);
  console.log(JSON.stringify({ rotations: PLAN.rotations, refusals: engine.refusals, ...load.succeeded }));
  await close();
});
