import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig, ConfigError, loadConfig, parseConfig } from './index.js';
import { VALUE_KEYS } from './keys.js';
import { problemOf } from './testing.js';

const example = new URL('../qtdal.example.toml', import.meta.url).pathname;

describe('parseConfig', () => {
  it('returns the documented defaults for an empty file', () => {
    expect(parseConfig('', {})).toEqual({
      backend: 'embedded',
      clickhouse: {
        url: 'http://127.0.0.1:8123',
        endpoints: [],
        database: 'quantumtrade',
        username: 'app_user',
        password: undefined,
        connectionTimeoutMs: 30_000,
        requestTimeoutMs: 120_000,
        maxConnections: 20,
        adaptiveLimit: false,
        maxQueuedCalls: 10_000,
        maxResultRows: 500_000,
        defaultPageRows: 10_000,
        scanBudgetRows: 1_000_000_000,
        maxResultBytes: 268_435_456,
        compression: false,
        maxInsertBlockSize: 100_000,
        maxQuerySize: 262_144,
        retry: { maxAttempts: 3, initialDelayMs: 100, maxDelayMs: 5_000, backoffMultiplier: 2 },
        drainTimeoutMs: 5_000,
        hedge: { percentile: 0, afterMs: 0 },
        failover: {
          probeIntervalMs: 1_000,
          probeTimeoutMs: 500,
          failuresToEject: 3,
          ejectionMs: 30_000,
          maxEjectionMs: 300_000,
          sweepIntervalMs: 10_000,
          dnsRefreshMs: 30_000,
        },
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
        ...{ maxPendingCalls: 10_000, maxPendingBytes: 67_108_864 },
        rateLimitFallback: 'reject',
        maxReplyBytes: 268_435_456,
        readFrom: 'master',
        invalidation: 'tracking',
        tls: undefined,
        sentinel: undefined,
        cluster: { enabled: false, nodes: [], maxRedirections: 3, retryDelayMs: 100 },
      },
      embedded: { dataDirectory: '.qtdal/clickhouse' },
      writer: { directory: '.qtdal/writer', durability: 'acknowledged', maxFutureSkewMs: 300_000 },
      backup: { forcePathStyle: false, retainDays: 0, lockMode: 'governance', timeoutMs: 30_000 },
      archive: { intervalMs: 10_000, maxSegmentBytes: 16_777_216, maxSpoolBytes: 4_294_967_296 },
      retention: {},
      audit: { directory: undefined, actor: undefined, key: undefined },
      secrets: { lifetimeMs: 300_000, timeoutMs: 5_000, rotationGraceMs: 5_000, aws: {} },
      http: {
        ...{ host: '127.0.0.1', port: 8_080, open: [], tokens: [], authContexts: true },
        ...{ maxBodyBytes: 16_777_216, maxConcurrentRequests: 200 },
        ...{ requestTimeoutMs: 30_000, streamTimeoutMs: 600_000 },
        rateLimit: { reads: 6_000, writes: 6_000, windowMs: 60_000, fallback: 'allow' },
        ticks: { maxStreams: 100, bufferSize: 500, heartbeatMs: 15_000, stallTimeoutMs: 10_000 },
        stop: { drainDelayMs: 5_000, graceMs: 30_000 },
      },
      telemetry: {
        memoryReadSampling: 0.0001,
        metrics: { intervalMs: 60_000, otlp: undefined, cloudwatch: undefined },
        traces: { sampling: 0.01, otlp: undefined },
        logs: {
          ...{ destination: 'stdout', level: 'info', sampling: 1, audit: false, debug: undefined },
          ...{ file: 'qtdal.log', cloudwatch: undefined },
        },
      },
    });
  });

  it('returns the values of the example file', async () => {
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

  it('finds every key in the example file except the actor', async () => {
    const text = await readFile(example, 'utf8');
    const missing = VALUE_KEYS.filter(({ path }) => !text.includes(`${path.at(-1)} = `));
    expect(missing.map(({ path }) => path.join('.'))).toEqual(['audit.actor']);
  });

  it('reads the key of the audit trail as a secret', () => {
    const toml = '[audit]\ndirectory = "trail"\nactor = "ann"\nkey = "${QTDAL_AUDIT_KEY:-}"';
    const { audit } = parseConfig(toml, { QTDAL_AUDIT_KEY: 'sesame' });
    expect(audit).toMatchObject({ directory: 'trail', actor: 'ann' });
    expect(audit.key?.reveal()).toBe('sesame');
    expect(JSON.stringify(audit)).not.toContain('sesame');
    expect(parseConfig(toml, {}).audit.key).toBeUndefined();
    expect(parseConfig('', { QTDAL_AUDIT__DIRECTORY: 'other' }).audit.directory).toBe('other');
  });

  it('reads the settings of exporters and refuses wrong ones by name', () => {
    const env = {
      QTDAL_TELEMETRY__TRACES__OTLP__URL: 'http://collector:4318/v1/traces',
      QTDAL_TELEMETRY__LOGS__SAMPLING: '0.25',
      QTDAL_TELEMETRY__METRICS__CLOUDWATCH__REGION: 'eu-central-1',
    };
    expect(parseConfig('', env).telemetry).toMatchObject({
      metrics: { cloudwatch: { namespace: 'QuantumTrade/DAL', via: 'api', region: 'eu-central-1' } },
      traces: { otlp: { url: 'http://collector:4318/v1/traces' } },
      logs: { sampling: 0.25 },
    });
    expect(() => parseConfig('[telemetry.logs]\nsampling = 2', {})).toThrow(
      'telemetry.logs.sampling: expected a number from 0 to 1',
    );
  });

  it('reads timeouts in fractions of seconds', () => {
    const { redis } = parseConfig('[redis]\nconnection_timeout = 0.25\ncommand_timeout = 2', {});
    expect([redis.connectionTimeoutMs, redis.commandTimeoutMs]).toEqual([250, 2_000]);
  });

  it('reads endpoints of the file and of the environment', () => {
    const replica = { url: 'http://ch-2', role: 'replica', shard: '1', weight: 2 } as const;
    const toml = `[[clickhouse.endpoints]]
      url = "http://ch-1:8123"
      [[clickhouse.endpoints]]
      url = "http://ch-2"
      role = "replica"
      weight = 2`;
    const first = { url: 'http://ch-1:8123', role: 'primary', shard: '1', weight: 1 } as const;
    expect(parseConfig(toml, {}).clickhouse.endpoints).toEqual([first, replica]);
    const json = JSON.stringify([{ ...replica, shard: undefined }]);
    expect(parseConfig(toml, { QTDAL_CLICKHOUSE__ENDPOINTS: json }).clickhouse.endpoints).toEqual([replica]);
    expect(defineConfig({ clickhouse: { endpoints: [first, replica] } }).clickhouse.endpoints).toEqual([
      first,
      replica,
    ]);
  });

  it.each([
    [
      '[{ url = "http://a" }, { url = "http://b", role = "boss" }]',
      'clickhouse.endpoints.1.role',
      'expected one of',
    ],
    ['[{ url = "http://a", rank = 1 }]', 'clickhouse.endpoints.0.rank', 'unknown key'],
    ['[{}]', 'clickhouse.endpoints.0.url', 'must be given'],
    ['["http://a"]', 'clickhouse.endpoints.0', 'expected an object'],
    ['5', 'clickhouse.endpoints', 'expected a list of objects with url, role, shard, weight'],
    ['"[{"', 'clickhouse.endpoints', 'expected a list of objects'],
  ])('refuses the endpoints %s', (endpoints, key, reason) => {
    expect(problemOf(() => parseConfig(`[clickhouse]\nendpoints = ${endpoints}`, {}))).toMatchObject({
      key,
      reason: expect.stringContaining(reason),
    });
  });

  it('reads Sentinels, with a secret password', () => {
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

  it('reads cluster nodes from a list or comma-separated text', () => {
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

  it('uses TLS when its table is present', () => {
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
    'refuses %j as an address',
    (address) => {
      const toml = `[redis.cluster]\nnodes = ["a:1", "${address}"]`;
      const problem = problemOf(() => parseConfig(toml, {}));
      expect(problem).toMatchObject({ key: 'redis.cluster.nodes.1', reason: 'expected host:port' });
      expect(problem.stack).not.toContain('hunter2');
    },
  );

  it('reads Sentinels from the environment alone, and names the wrong variable', () => {
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

  it('names Sentinel keys that are unknown or missing', () => {
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

  it('loadConfig reads a file, or a text in its place', async () => {
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

  it('names the position in malformed TOML without quoting the line', () => {
    const problem = problemOf(() => parseConfig('[clickhouse]\npassword = "hunter2\n', {}, 'my.toml'));
    expect(problem.source).toMatch(/^my\.toml:2:\d+$/);
    expect(problem.reason).toMatch(/^Invalid TOML document: /);
    expect(problem.stack).not.toContain('hunter2');
  });
});
