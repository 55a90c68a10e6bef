import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig, parseConfig } from './index.js';
import { problemOf } from './testing.js';

const example = new URL('../qtdal.example.toml', import.meta.url).pathname;

describe('a configuration', () => {
  it('of nothing has the defaults of the documentation', () => {
    expect(parseConfig('', {})).toEqual({
      backend: 'embedded',
      clickhouse: {
        url: 'http://127.0.0.1:8123',
        database: 'quantumtrade',
        username: 'app_user',
        password: undefined,
        connectionTimeoutMs: 30_000,
        requestTimeoutMs: 120_000,
        maxConnections: 20,
        compression: true,
        maxInsertBlockSize: 100_000,
        maxQuerySize: 262_144,
        retry: { maxAttempts: 3, initialDelayMs: 100, maxDelayMs: 5_000, backoffMultiplier: 2 },
      },
      redis: {
        url: 'redis://127.0.0.1:6379',
        database: 0,
        username: undefined,
        password: undefined,
        keyPrefix: '',
        connectionTimeoutMs: 5_000,
        commandTimeoutMs: 10_000,
        maxConnections: 50,
        maxIdle: 10,
        connectionLifetimeMs: 300_000,
        cluster: { enabled: false, maxRedirections: 3, retryDelayMs: 100 },
      },
      embedded: { dataDirectory: '.qtdal/clickhouse' },
      writer: { directory: '.qtdal/writer', durability: 'acknowledged' },
      audit: { directory: undefined, actor: undefined, key: undefined },
    });
  });

  it('of the example file differs from the defaults in what the file says it does', async () => {
    const config = await loadConfig({ file: example, env: { CLICKHOUSE_PASSWORD: 'sesame' } });
    const defaults = parseConfig('', {});
    expect(config).toEqual({
      ...defaults,
      backend: 'clickhouse-redis',
      clickhouse: {
        ...defaults.clickhouse,
        url: 'http://clickhouse-cluster:8123',
        password: expect.anything(),
      },
      redis: { ...defaults.redis, url: 'redis://redis-cluster:6379' },
    });
    expect(config.clickhouse.password?.reveal()).toBe('sesame');
    expect(config.redis.password).toBeUndefined();
  });

  it('seals the audit trail with a key of the environment, which is a secret', () => {
    const toml = '[audit]\ndirectory = "trail"\nactor = "ann"\nkey = "${QTDAL_AUDIT_KEY:-}"';
    const { audit } = parseConfig(toml, { QTDAL_AUDIT_KEY: 'sesame' });
    expect(audit).toMatchObject({ directory: 'trail', actor: 'ann' });
    expect(audit.key?.reveal()).toBe('sesame');
    expect(JSON.stringify(audit)).not.toContain('sesame');
    expect(parseConfig(toml, {}).audit.key).toBeUndefined();
    expect(parseConfig('', { QTDAL_AUDIT__DIRECTORY: 'other' }).audit.directory).toBe('other');
  });

  it('takes timeouts in seconds and fractions of them', () => {
    const { redis } = parseConfig('[redis]\nconnection_timeout = 0.25\ncommand_timeout = 2', {});
    expect([redis.connectionTimeoutMs, redis.commandTimeoutMs]).toEqual([250, 2_000]);
  });

  it('is read from the file named, and from a text in its place', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dal-config-'));
    const file = join(directory, 'qtdal.toml');
    await writeFile(file, 'backend = "memory"');
    expect((await loadConfig({ file, env: {} })).backend).toBe('memory');
    expect((await loadConfig({ file, text: 'backend = "embedded"', env: {} })).backend).toBe('embedded');
    await rm(directory, { recursive: true });
    await expect(loadConfig({ file, env: {} })).rejects.toEqual(
      new ConfigError({ reason: 'cannot be read (ENOENT)', source: file }),
    );
  });

  it('that is not TOML is refused with the place, without quoting the line', () => {
    const problem = problemOf(() => parseConfig('[clickhouse]\npassword = "hunter2\n', {}, 'my.toml'));
    expect(problem.source).toMatch(/^my\.toml:2:\d+$/);
    expect(problem.reason).toMatch(/^Invalid TOML document: /);
    expect(problem.stack).not.toContain('hunter2');
  });
});

describe('an unknown key', () => {
  it('is named, with the key that was probably meant', () => {
    expect(problemOf(() => parseConfig('[clickhouse]\nmax_conections = 5', {}, 'my.toml'))).toMatchObject({
      key: 'clickhouse.max_conections',
      reason: 'unknown key, did you mean "max_connections"?',
      source: 'my.toml',
      message: 'my.toml: clickhouse.max_conections: unknown key, did you mean "max_connections"?',
    });
    expect(problemOf(() => parseConfig('[clickhouse.retry]\nattempts = 5', {}))).toMatchObject({
      key: 'clickhouse.retry.attempts',
      reason: 'unknown key, expected one of max_attempts, initial_delay_ms, max_delay_ms, backoff_multiplier',
    });
    expect(problemOf(() => parseConfig('[reddis]', {}))).toMatchObject({
      key: 'reddis',
      reason: 'unknown key, did you mean "redis"?',
    });
  });

  it('is told before a wrong value', () => {
    const toml = '[clickhouse]\nmax_connections = "many"\nmax_query_siez = 5';
    expect(problemOf(() => parseConfig(toml, {})).key).toBe('clickhouse.max_query_siez');
  });

  it.each(['__proto__', 'constructor', 'toString'])('is one even when it is called %s', (key) => {
    expect(problemOf(() => parseConfig(`[redis.cluster]\n${key} = 1`, {})).key).toBe(`redis.cluster.${key}`);
    expect(problemOf(() => parseConfig('', { [`QTDAL_REDIS__${key}`]: '1' })).source).toBe('environment');
  });
});

describe('a URL', () => {
  it('hands its credentials and database to the keys of their own', () => {
    const { clickhouse, redis } = parseConfig(
      `[clickhouse]
       url = "https://ann:p%40ss@db.example:8443/prices"
       [redis]
       url = "rediss://:tok%2Fen@cache.example:6380/4"`,
      {},
    );
    expect(clickhouse).toMatchObject({ url: 'https://db.example:8443', database: 'prices', username: 'ann' });
    expect(clickhouse.password?.reveal()).toBe('p@ss');
    expect(redis).toMatchObject({ url: 'rediss://cache.example:6380', database: 4, username: undefined });
    expect(redis.password?.reveal()).toBe('tok/en');
  });

  it('yields to the keys of their own', () => {
    const { redis } = parseConfig('[redis]\nurl = "redis://ann:old@cache:6379/4"', {
      QTDAL_REDIS__USERNAME: 'bob',
      QTDAL_REDIS__PASSWORD: 'new',
      QTDAL_REDIS__DATABASE: '7',
    });
    expect(redis).toMatchObject({ username: 'bob', database: 7 });
    expect(redis.password?.reveal()).toBe('new');
  });

  it.each([
    ['clickhouse', 'cluster:8123', 'expected a URL that starts with http:// or https://'],
    ['clickhouse', 'redis://ann:hunter2@cluster', 'expected a URL that starts with http:// or https://'],
    ['redis', 'http://ann:hunter2@cluster', 'expected a URL that starts with redis:// or rediss://'],
    ['redis', 'redis://ann:hunter2@clu ster', 'expected a URL that starts with redis:// or rediss://'],
    ['redis', 'redis://', 'expected a URL that starts with redis:// or rediss://'],
    ['redis', 'redis://ann:hunter2@cluster/prices', 'expected the URL to end in the number of a database'],
    ['clickhouse', 'http://cluster/prices/hunter2', 'expected nothing but a database after the host'],
    [
      'clickhouse',
      'http://cluster?password=hunter2',
      'expected a URL without "?" and "#", or with them as %3F and %23',
    ],
    ['clickhouse', 'http://ann:hunter2%@cluster', 'expected "%" in the URL to be written as %25'],
  ])('of %s must not be %s', (section, url, reason) => {
    const problem = problemOf(() => parseConfig(`[${section}]\nurl = "${url}"`, {}, 'my.toml'));
    expect(problem).toMatchObject({ key: `${section}.url`, reason, source: 'my.toml' });
    expect(problem.stack).not.toContain('hunter2');
  });
});
