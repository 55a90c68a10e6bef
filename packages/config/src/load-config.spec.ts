import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig, parseConfig } from './index.js';
import { VALUE_KEYS } from './keys.js';
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
        maxQueuedCalls: 10_000,
        maxResultRows: 500_000,
        maxResultBytes: 268_435_456,
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
        budgetMs: 250,
        commandTimeoutMs: 10_000,
        scanTimeoutMs: 60_000,
        maxReplyBytes: 268_435_456,
        readFrom: 'master',
        invalidation: 'tracking',
        tls: undefined,
        sentinel: undefined,
        cluster: { enabled: false, nodes: [], maxRedirections: 3, retryDelayMs: 100 },
      },
      embedded: { dataDirectory: '.qtdal/clickhouse' },
      writer: { directory: '.qtdal/writer', durability: 'acknowledged', maxFutureSkewMs: 300_000 },
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

  it('of the example file names every key except the actor', async () => {
    const text = await readFile(example, 'utf8');
    const missing = VALUE_KEYS.filter(({ path }) => !text.includes(`${path.at(-1)} = `));
    expect(missing.map(({ path }) => path.join('.'))).toEqual(['audit.actor']);
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

  it('names the Sentinels of a master, with a password that is a secret', () => {
    const toml = `[redis.sentinel]
      name = "main"
      nodes = ["one", "two:26380", "[::1]:26381"]
      username = "watcher"
      password = "\${WORD}"`;
    const { sentinel } = parseConfig(toml, { WORD: 'sesame' }).redis;
    expect(sentinel).toMatchObject({
      name: 'main',
      nodes: [
        { host: 'one', port: 26_379 },
        { host: 'two', port: 26_380 },
        { host: '::1', port: 26_381 },
      ],
      username: 'watcher',
    });
    expect(sentinel?.password?.reveal()).toBe('sesame');
    expect(JSON.stringify(sentinel)).not.toContain('sesame');
  });

  it('names nodes of a cluster, in the environment with commas between them', () => {
    const nodes = [
      { host: 'a', port: 6_379 },
      { host: 'b', port: 7_000 },
    ];
    const toml = '[redis]\nread_from = "replica"\n[redis.cluster]\nenabled = true\nnodes = ["a", "b:7000"]';
    expect(parseConfig(toml, {}).redis).toMatchObject({
      readFrom: 'replica',
      cluster: { enabled: true, nodes },
    });
    expect(parseConfig('', { QTDAL_REDIS__CLUSTER__NODES: 'a, b:7000' }).redis.cluster.nodes).toEqual(nodes);
  });

  it('says how TLS is spoken once there is a table of it', () => {
    expect(parseConfig('[redis.tls]', {}).redis.tls).toEqual({ rejectUnauthorized: true });
    const toml = `[redis.tls]
      ca_file = "ca.pem"
      cert_file = "cert.pem"
      key_file = "key.pem"
      servername = "redis.internal"
      reject_unauthorized = false`;
    expect(parseConfig(toml, {}).redis.tls).toEqual({
      caFile: 'ca.pem',
      certFile: 'cert.pem',
      keyFile: 'key.pem',
      servername: 'redis.internal',
      rejectUnauthorized: false,
    });
    expect(parseConfig('', { QTDAL_REDIS__TLS__CA_FILE: 'ca.pem' }).redis.tls?.caFile).toBe('ca.pem');
  });

  it.each(['', 'host:', 'host:0', 'host:65536', 'a b', 'redis://host:1', 'user:hunter2@host', '[::1', '::1'])(
    'does not take %j for an address',
    (address) => {
      const toml = `[redis.cluster]\nnodes = ["a:1", "${address}"]`;
      const problem = problemOf(() => parseConfig(toml, {}));
      expect(problem).toMatchObject({ key: 'redis.cluster.nodes.1', reason: 'expected host:port' });
      expect(problem.stack).not.toContain('hunter2');
    },
  );

  it('may name Sentinels in the environment alone, which is to blame for what is wrong there', () => {
    const env = { QTDAL_REDIS__SENTINEL__NAME: 'main', QTDAL_REDIS__SENTINEL__NODES: 'one,two:1' };
    expect(parseConfig('', env).redis.sentinel).toMatchObject({
      name: 'main',
      nodes: [
        { host: 'one', port: 26_379 },
        { host: 'two', port: 1 },
      ],
    });
    const wrong = { ...env, QTDAL_REDIS__SENTINEL__NODES: 'one,two:' };
    expect(problemOf(() => parseConfig('', wrong))).toMatchObject({
      key: 'QTDAL_REDIS__SENTINEL__NODES',
      reason: 'expected host:port',
      source: 'environment',
    });
  });

  it('is told which Sentinel keys are unknown or missing', () => {
    expect(problemOf(() => parseConfig('[redis.sentinel]\nnodes = []\nname = "a"', {}))).toMatchObject({
      key: 'redis.sentinel.nodes',
      reason: 'expected a list of one address or more',
    });
    expect(problemOf(() => parseConfig('[redis.sentinel]\nnodes = ["a"]', {})).key).toBe(
      'redis.sentinel.name',
    );
    expect(problemOf(() => parseConfig('[redis.sentinel]\nnme = "a"', {})).reason).toBe(
      'unknown key, did you mean "name"?',
    );
  });

  it('is read from the file named, and from a text in its place', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dal-config-'));
    const file = join(directory, 'qtdal.toml');
    await writeFile(file, 'backend = "memory"');
    expect((await loadConfig({ file, env: {} })).backend).toBe('memory');
    expect((await loadConfig({ file, text: 'backend = "embedded"', env: {} })).backend).toBe('embedded');
    await writeFile(file, '\ufeffbackend = "memory"');
    expect((await loadConfig({ file, env: {} })).backend).toBe('memory');
    await writeFile(file, Buffer.from('[clickhouse]\npassword = "caf\xe9"', 'latin1'));
    await expect(loadConfig({ file, env: {} })).rejects.toEqual(
      new ConfigError({ reason: 'is not UTF-8', source: file }),
    );
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

  it('is shown only when it can be no secret', () => {
    const keyOf = (toml: string) => problemOf(() => parseConfig(toml, {})).key;
    expect(keyOf('[clickhouse]\nhunter2 = "password"')).toBe('clickhouse.[hidden]');
    expect(keyOf('[clickhouse]\n"correct horse" = 1')).toBe('clickhouse.[hidden]');
    expect(keyOf('[clickhouse]\nTr0ub4dor = { a = 1 }')).toBe('clickhouse.[hidden]');
    expect(keyOf('[clickhouse]\nxKjWqLmZp = 1')).toBe('clickhouse.[hidden]');
    expect(keyOf(`[clickhouse]\n${'secret'.repeat(20)} = 1`)).toBe('clickhouse.[hidden]');
    expect(keyOf('[clickhouse]\nport = 1')).toBe('clickhouse.port');
    expect(keyOf('[clickhouse]\nmaxConnections = 1')).toBe('clickhouse.maxConnections');
    expect(keyOf('[clickhouse]\nmax_connections2 = 1')).toBe('clickhouse.max_connections2');
  });

  it('is told before a wrong value', () => {
    const toml = '[clickhouse]\nmax_connections = "many"\nmax_query_siez = 5';
    expect(problemOf(() => parseConfig(toml, {})).key).toBe('clickhouse.max_query_siez');
  });

  it.each(['__proto__', 'constructor', 'toString'])('is one even when it is called %s', (key) => {
    expect(problemOf(() => parseConfig(`[redis.cluster]\n${key} = 1`, {})).key).toBe(`redis.cluster.${key}`);
    expect(problemOf(() => parseConfig('', { [`QTDAL_REDIS__${key}`]: '1' })).source).toBe('environment');
  });

  it.each(['max_connections', 'max_idle', 'connection_lifetime'])(
    'that had no effect, redis.%s, is refused with the reason',
    (key) => {
      expect(problemOf(() => parseConfig(`[redis]\n${key} = 5`, {}, 'my.toml'))).toMatchObject({
        key: `redis.${key}`,
        reason: expect.stringMatching(/^was removed: .*connection/),
        source: 'my.toml',
      });
    },
  );

  it.each([
    ['a deep key', `${'a.'.repeat(100_000)}a = 1`],
    ['deep arrays', `[redis.cluster]\nnodes = ${'['.repeat(100_000)}`],
    ['deep tables', `a = ${'{a='.repeat(100_000)}`],
    ['a huge key', `${'a'.repeat(1_000_000)} = 1`],
    ['a huge unknown table', Array.from({ length: 50_000 }, (_, n) => `k${n} = 1`).join('\n')],
    ['two megabytes', `# ${'x'.repeat(2_000_000)}`],
  ])('refuses %s with a short message', (_what, toml) => {
    expect(problemOf(() => parseConfig(toml, {})).message.length).toBeLessThan(1_000);
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

  it.each([
    ['[clickhouse]\nurl = "http://ann@ch"\nusername = "bob"', 'clickhouse.username', 'clickhouse.url'],
    [
      '[clickhouse]\nurl = "http://ann:hunter2@ch"\npassword = "hunter3"',
      'clickhouse.password',
      'clickhouse.url',
    ],
    ['[clickhouse]\nurl = "http://ch/prices"\ndatabase = "bars"', 'clickhouse.database', 'clickhouse.url'],
    ['[redis]\nurl = "redis://r/3"\ndatabase = 0', 'redis.database', 'redis.url'],
    ['[redis]\nurl = "redis://ann@r"\nusername = "bob"', 'redis.username', 'redis.url'],
    ['[redis]\nurl = "redis://:hunter2@r"\npassword = "hunter3"', 'redis.password', 'redis.url'],
  ])('refuses a key that contradicts its URL in %j', (toml, key, url) => {
    const problem = problemOf(() => parseConfig(toml, {}, 'my.toml'));
    expect(problem).toMatchObject({ key, source: 'my.toml' });
    expect(problem.reason).toBe(
      `contradicts the ${key.split('.')[1]} in ${url}: remove one of the two, or make them equal`,
    );
    expect(problem.stack).not.toMatch(/hunter|ann|bob|bars|prices/);
  });

  it('names the variables that contradict each other', () => {
    const file = '[redis]\ndatabase = 4';
    expect(problemOf(() => parseConfig(file, { QTDAL_REDIS__URL: 'redis://r/3' }, 'my.toml'))).toMatchObject({
      key: 'redis.database',
      source: 'my.toml',
      reason: expect.stringContaining('in QTDAL_REDIS__URL'),
    });
    const env = { QTDAL_CLICKHOUSE__URL: 'http://ann@ch', QTDAL_CLICKHOUSE__USERNAME: 'bob' };
    expect(problemOf(() => parseConfig('', env))).toMatchObject({
      key: 'QTDAL_CLICKHOUSE__USERNAME',
      source: 'environment',
      reason: expect.stringContaining('in QTDAL_CLICKHOUSE__URL'),
    });
  });

  it('accepts keys that repeat the URL', () => {
    const toml = `
      [clickhouse]
      url = "http://ann:p%40ss@ch/prices"
      username = "ann"
      password = "p@ss"
      database = "prices"
      [redis]
      url = "redis://ann:pass@r/3"
      username = "ann"
      password = ""
      database = "3"`;
    expect(parseConfig(toml, {})).toMatchObject({
      clickhouse: { username: 'ann', database: 'prices' },
      redis: { username: 'ann', database: 3 },
    });
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
    [
      'redis',
      'redis://ann:hunter2@cluster/prices',
      'expected the database in the URL to be a whole number, 0 or more',
    ],
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
