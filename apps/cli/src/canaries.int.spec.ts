import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '@quantumtrade/dal-config';
import { composeDatabase } from '@quantumtrade/dal-container';
import { prometheusRenderer } from '@quantumtrade/dal-exporters';
import { until } from '@quantumtrade/dal-testing';
import { AWS_CREDENTIALS, FakeSecretsManager, type SecretAnswer } from '@quantumtrade/dal-testing/aws';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { qtdal, ScratchDirectory } from './testing.js';
import { CANARIES, canaryConfig, type Addresses } from './testing/canary-config.js';
import { Exposure } from './testing/exposure.js';
import { HostileServers } from './testing/hostile-servers.js';

const { clickhouse, redis, sentinel, audit, unused } = CANARIES;

const scratch = new ScratchDirectory();
const hostile = new HostileServers();
const environment = { ...process.env };
let aws: FakeSecretsManager;
let ports: Record<'echo' | 'untrusted' | 'echoRedis' | 'silent', number>;
let exposure: Exposure;
beforeAll(async () => {
  const [echo, untrusted, echoRedis, silent] = await Promise.all([
    hostile.echoHttp(),
    hostile.untrusted(),
    hostile.echoRedis(),
    hostile.silent(),
  ]);
  ports = { echo, untrusted, echoRedis, silent };
  aws = await FakeSecretsManager.start();
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: AWS_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: AWS_CREDENTIALS.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});
beforeEach(() => {
  exposure = new Exposure();
  exposure.start();
});
afterEach(() => exposure.stop());
afterAll(() => {
  process.env = environment;
  hostile.stop();
  aws.stop();
  scratch.remove();
});

const tests = () => ({
  clickhouse: new URL(process.env['CLICKHOUSE_URL']!).origin,
  redis: new URL(process.env['REDIS_URL']!).host,
});

/** Failures of servers, by the addresses that have them. */
const failures: Readonly<Record<string, () => Addresses>> = {
  'logins are refused': () => ({ clickhouse: tests().clickhouse, redis: `redis://${tests().redis}` }),
  'connections are refused': () => ({ clickhouse: 'http://127.0.0.1:9', redis: 'redis://127.0.0.1:9' }),
  'names do not exist': () => ({ clickhouse: 'http://none.invalid', redis: 'redis://none.invalid' }),
  'servers speak no TLS': () => ({
    clickhouse: tests().clickhouse.replace('http', 'https'),
    redis: `rediss://${tests().redis}`,
  }),
  'certificates are not trusted': () => ({
    clickhouse: `https://127.0.0.1:${ports.untrusted}`,
    redis: `rediss://127.0.0.1:${ports.untrusted}`,
  }),
  'servers do not answer': () => ({
    clickhouse: `http://127.0.0.1:${ports.silent}`,
    redis: `redis://127.0.0.1:${ports.silent}`,
  }),
  'servers answer with what they are sent': () => ({
    clickhouse: `http://127.0.0.1:${ports.echo}`,
    redis: `redis://127.0.0.1:${ports.echoRedis}`,
  }),
  'Sentinels answer with what they are sent': () => ({
    clickhouse: 'http://127.0.0.1:9',
    redis: 'redis://any',
    more: `[redis.sentinel]
      name = "main"
      nodes = ["127.0.0.1:${ports.echoRedis}", "127.0.0.1:9"]
      password = "${sentinel}"`,
  }),
};

const configOf = (directory: string, addresses: Addresses, password?: string) =>
  canaryConfig(directory, aws.endpoint, addresses, password);

const newDirectory = (): string => {
  const directory = join(scratch.path, `run-${exposureCount++}`);
  mkdirSync(directory);
  return directory;
};
let exposureCount = 0;

/**
 * Makes calls of every kind and adds what they return, and everything that can be asked of a data layer. Returns the function that
 * closes it.
 */
async function openAndUse(
  text: string,
  betweenCalls = async () => undefined as unknown,
): Promise<() => Promise<void>> {
  const config = await loadConfig({ text, env: {} });
  exposure.show('configuration', config);
  const opened = await composeDatabase(config);
  const { database } = opened;
  const limited = () => ({ deadline: Date.now() + 300 });
  const batch = { source: 'test', records: [buildRow('marketData', { symbol: 'A' })] };
  const writer = await database.batchWriter({
    retry: { maxAttempts: 1 },
    onEvent: (event) => exposure.show('events', event),
  });
  const calls = [
    () => database.initializeSchema(limited()),
    () => database.insertMarketData(batch, limited()),
    () => database.getMarketData({ symbols: ['A'] }, limited()),
    betweenCalls,
    () => writer.write('marketData', batch, limited()),
    () => database.transaction((tx) => tx.insertMarketData(batch), limited()),
    () => database.cacheSet('key', 1, 60, limited()),
    () => database.cacheGet('key'),
    () => database.getPerformanceMetrics(),
    () => Promise.resolve([database.operationStatistics(), writer.progress(), opened]),
    () => database.deadLetters.list(),
  ];
  for (const call of calls) {
    await call().then(
      (result) => exposure.show('results', result),
      (error: unknown) => exposure.show('errors', error),
    );
  }
  exposure.show('health', await database.health());
  const metrics = await prometheusRenderer(database.metrics)('application/openmetrics-text');
  exposure.add('metrics', metrics.body);
  exposure.addProcessArguments();
  return () => opened.close();
}

async function useDatabase(text: string, betweenCalls?: () => Promise<unknown>): Promise<void> {
  const close = await openAndUse(text, betweenCalls);
  await close().catch((error: unknown) => exposure.show('errors', error));
}

/** Runs commands that report on a configuration. */
async function runCommands(text: string): Promise<void> {
  const file = scratch.file('qtdal.toml', text);
  for (const args of [
    ['doctor', '--json'],
    ['status', '--verbose'],
  ]) {
    const { out, err } = await qtdal(...args, '--config', file);
    exposure.add('commands', out + err);
  }
}

async function expectNoLeak(places: readonly string[]): Promise<void> {
  await exposure.stop();
  expect(exposure.leaksOf(Object.values(CANARIES))).toEqual([]);
  expect(Object.keys(exposure.counts)).toEqual(expect.arrayContaining([...places]));
}

/** Closing waits for a committed transaction. All data layers close at once, while the next are used. */
describe('failures of servers', () => {
  const closings = new Map<string, { text: string; directory: string; closed: Promise<unknown> }>();
  const overall = new Exposure();
  beforeAll(() => overall.start());
  afterAll(async () => {
    await overall.stop();
    expect(overall.leaksOf(Object.values(CANARIES))).toEqual([]);
  });

  it.each(Object.entries(failures))(
    'no secret is shown by calls when %s',
    async (failure, addresses) => {
      const directory = newDirectory();
      const text = configOf(directory, addresses());
      const close = await openAndUse(text);
      closings.set(failure, { text, directory, closed: close().catch((error: unknown) => error) });
      await expectNoLeak(['logs', 'spans', 'errors', 'health', 'metrics', 'arguments']);
    },
    120_000,
  );

  it.each(Object.keys(failures))(
    'no secret is shown by commands when %s',
    async (failure) => {
      const { text, directory, closed } = closings.get(failure)!;
      exposure.show('errors', await closed);
      await runCommands(text);
      exposure.addFiles(directory);
      await expectNoLeak(['commands', 'files']);
    },
    120_000,
  );

  it('no key of an audit trail is shown when another is configured', async () => {
    const { text, directory } = closings.get('connections are refused')!;
    const other = text.replace(audit, unused);
    await useDatabase(other).catch((error: unknown) => exposure.show('errors', error));
    const file = scratch.file('other.toml', other);
    const { out, err } = await qtdal('audit', 'verify', '--config', file);
    exposure.add('commands', out + err);
    exposure.addFiles(directory);
    await expectNoLeak(['errors', 'commands', 'files']);
  });
});

it('no secret of an engine in place is shown', async () => {
  const directory = newDirectory();
  const text = configOf(directory, { clickhouse: 'http://127.0.0.1:8123', redis: 'redis://127.0.0.1:9' })
    .replace(/^ *(url = "http|username = "ann|password = "CANARY-click).*$/gm, '')
    .concat(`\n[embedded]\ndata_directory = "${join(directory, 'data')}"`);
  await useDatabase(text);
  exposure.addFiles(directory);
  await expectNoLeak(['logs', 'results', 'health', 'arguments', 'files']);
}, 120_000);

/** Answers of AWS, each with a value that must not be repeated. */
const answers: readonly (SecretAnswer | undefined)[] = [
  { SecretString: `{"key":"${unused}"` },
  { SecretString: `{"other":"${unused}"}` },
  { SecretString: `["${unused}"]` },
  { SecretString: unused },
  { SecretString: `{"password":{"value":"${unused}"}}` },
  { SecretBinary: Buffer.from(unused).toString('base64') },
  { error: 'AccessDeniedException', message: unused },
  { error: 'ResourceNotFoundException', message: unused },
  { error: 'ThrottlingException', message: unused },
  { error: 'InternalServiceError', message: unused, status: 500 },
  { error: unused, message: unused },
  undefined,
];

it('no secret is shown when sources fail', async () => {
  const directory = newDirectory();
  const addresses = { clickhouse: 'http://127.0.0.1:9', redis: 'redis://127.0.0.1:9' };
  const load = async (reference: string) => {
    const text = configOf(directory, addresses, reference);
    await loadConfig({ text, env: {} }).catch((error: unknown) => exposure.show('errors', error));
    return text;
  };
  for (const answer of answers) {
    aws.answer = () => answer;
    await load('${aws-sm:prod/db#password}');
  }
  aws.answer = () => answers[0];
  await runCommands(await load('${aws-sm:prod/db#password}'));
  process.env['AWS_SECRET_ACCESS_KEY'] = unused;
  await load('${aws-sm:prod/db}');
  process.env['AWS_SECRET_ACCESS_KEY'] = AWS_CREDENTIALS.secretAccessKey;
  for (const content of [`{"key":"${unused}"`, `${unused}\n`.repeat(5_000)]) {
    const file = scratch.file('secret', content);
    await load(`\${file:${file}#password}`);
  }
  expect(exposure.counts['errors']).toBe(answers.length + 4);
  await expectNoLeak(['errors', 'commands']);
});

it('no secret is shown when a rotation fails', async () => {
  const directory = newDirectory();
  let password: string = clickhouse;
  aws.answer = () => ({ SecretString: JSON.stringify({ password }) });
  const text = configOf(
    directory,
    { clickhouse: tests().clickhouse, redis: 'redis://127.0.0.1:9' },
    '${aws-sm:prod/db#password}',
  ).replace('rotation_grace = 0.3', 'rotation_grace = 0.3\n    lifetime = 0.3');
  await useDatabase(text, async () => {
    password = unused;
    aws.asked.length = 0;
    await until(() => aws.asked.length > 1);
    aws.answer = () => ({ error: 'InternalServiceError', message: unused });
    await until(() => aws.asked.length > 4);
  });
  await runCommands(text);
  exposure.addFiles(directory);
  await expectNoLeak(['logs', 'errors', 'health', 'commands']);
}, 120_000);

it('leaks are found in every encoding', () => {
  for (const encode of ['utf8', 'hex', 'base64'] as const) {
    exposure.add(encode, `x${Buffer.from(`user:${redis}@`).toString(encode)}x`);
  }
  expect(exposure.leaksOf([redis])).toEqual(['utf8', 'hex', 'base64'].map((place) => `${place}: ${redis}`));
});
