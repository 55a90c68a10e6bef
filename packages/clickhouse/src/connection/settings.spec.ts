import { completeClickHouseSettings } from './settings.js';

it('undefined settings have the defaults of the specification', () => {
  expect(
    completeClickHouseSettings({
      url: 'http://127.0.0.1:8123',
      password: undefined,
      retry: { maxAttempts: 5 },
    } as never),
  ).toEqual({
    url: 'http://127.0.0.1:8123',
    endpoints: [{ url: 'http://127.0.0.1:8123', role: 'primary', shard: '1', weight: 1 }],
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
    retry: { maxAttempts: 5, initialDelayMs: 100, maxDelayMs: 5_000, backoffMultiplier: 2 },
    hedge: { percentile: 0, afterMs: 0 },
    drainTimeoutMs: 5_000,
    failover: {
      probeIntervalMs: 1_000,
      probeTimeoutMs: 500,
      failuresToEject: 3,
      ejectionMs: 30_000,
      maxEjectionMs: 300_000,
      sweepIntervalMs: 10_000,
      dnsRefreshMs: 30_000,
    },
  });
});

it('endpoints replace the URL and have defaults', () => {
  const endpoints = [
    { url: 'http://ch-1:8123/' },
    { url: 'https://ch-2', role: 'replica' as const, weight: 3 },
  ];
  expect(completeClickHouseSettings({ endpoints }).endpoints).toEqual([
    { url: 'http://ch-1:8123', role: 'primary', shard: '1', weight: 1 },
    { url: 'https://ch-2', role: 'replica', shard: '1', weight: 3 },
  ]);
});

it.each<[readonly unknown[], string, string]>([
  [[{ url: 'http://a:s3cret@b' }], 'endpoints.0.url', 'must be an http or https address without credentials'],
  [[{ url: 'http://a' }, { url: 'http://a/' }], 'endpoints.1.url', 'must differ from the other addresses'],
  [[{ url: 'http://a', role: 'leader' }], 'endpoints.0.role', 'must be one of primary, replica, backup'],
  [[{ url: 'http://a', rank: 1 }], 'endpoints.0.rank', 'unknown key'],
  [[{ url: 'http://a', role: 'replica' }], 'endpoints', 'must have a primary or a backup'],
  [['http://a'], 'endpoints.0', 'must be an object'],
])('wrong endpoints are refused: %j', (endpoints, field, reason) => {
  expect(() => completeClickHouseSettings({ endpoints } as never)).toThrow(
    expect.objectContaining({ field, reason: expect.stringContaining(reason) }),
  );
});

it('settings of TLS are refused with an address without it', () => {
  const tls = { servername: 'ch' };
  const refusal = expect.objectContaining({ field: 'tls', reason: 'needs https addresses' });
  expect(() => completeClickHouseSettings({ url: 'http://ch', tls })).toThrow(refusal);
  const endpoints = [{ url: 'https://ch-1' }, { url: 'http://ch-2' }];
  expect(() => completeClickHouseSettings({ endpoints, tls })).toThrow(refusal);
  expect(completeClickHouseSettings({ url: 'https://ch', tls }).tls).toMatchObject(tls);
});

it.each(['127.0.0.1:8123', 'ftp://host', 'http://user:s3cret@host:8123', 'http://host:8123/database', ''])(
  '%s is refused as an address and not repeated',
  (url) => {
    expect(() => completeClickHouseSettings({ url })).toThrow(
      'Data validation failed: url - must be an http or https address without credentials or a path',
    );
  },
);

it('database name must be a plain identifier', () => {
  expect(() => completeClickHouseSettings({ url: 'http://host', database: 'a b' })).toThrow('database');
});

it.each([
  [{ maxResultRow: 5 }, 'maxResultRow', 'did you mean "maxResultRows"?'],
  [{ retry: { attempts: 5 } }, 'retry.attempts', 'unknown key'],
  [{ hedge: { percentile: 100 } }, 'hedge.percentile', 'must be 99 or less'],
  [{ hedge: { percentile: 95, afterMs: 5 } }, 'hedge.afterMs', 'must be 0 beside a percentile'],
  [{ maxResultRows: 0 }, 'maxResultRows', 'must be a whole number above 0'],
  [{ maxConnections: 1.5 }, 'maxConnections', 'must be a whole number above 0'],
  [{ maxQueuedCalls: -1 }, 'maxQueuedCalls', 'must be a whole number, 0 or more'],
  [{ requestTimeoutMs: NaN }, 'requestTimeoutMs', 'must be a number above 0'],
  [{ retry: { backoffMultiplier: 0 } }, 'retry.backoffMultiplier', 'must be a number, 1 or more'],
  [{ retry: { maxAttempts: 0 } }, 'retry.maxAttempts', 'must be a whole number above 0'],
])('wrong settings are refused: %p', (settings, field, reason) => {
  expect(() => completeClickHouseSettings({ url: 'http://host', ...settings } as never)).toThrow(
    expect.objectContaining({ field, reason: expect.stringContaining(reason) }),
  );
});

describe('a cluster', () => {
  const endpoints = [
    { url: 'http://a', shard: '1' },
    { url: 'http://b', shard: '2' },
  ];
  const layout = [{ shards: 2 }];

  it('has copies by the servers unless it says otherwise', () => {
    expect(completeClickHouseSettings({ endpoints, cluster: { name: 'bars', layout } }).cluster).toEqual({
      name: 'bars',
      copies: 'replicated',
      quorum: 'majority',
      layout: [{ from: '', shards: 2 }],
    });
  });

  it.each<[object, string, string]>([
    [{ layout }, 'cluster.name', 'must be given'],
    [{ name: 'bars' }, 'cluster.layout', 'must have an entry'],
    [{ name: 'bars', layout: [{ from: '2026-12', shards: 2 }] }, 'cluster.layout.0.from', 'must be left out'],
    [
      {
        name: 'bars',
        layout: [{ shards: 1 }, { from: '2026-12', shards: 2 }, { from: '2026-12', shards: 2 }],
      },
      'cluster.layout.2.from',
      'must be later',
    ],
    [{ name: 'bars', layout: [{ from: '2026', shards: 2 }] }, 'cluster.layout.0.from', 'must be a month'],
    [{ name: 'bars', layout: [{ shards: 3 }] }, 'endpoints', 'must have a primary of shard 3'],
  ])('is refused when it is wrong: %j', (cluster, field, reason) => {
    expect(() => completeClickHouseSettings({ endpoints, cluster } as never)).toThrow(
      expect.objectContaining({ field, reason: expect.stringContaining(reason) }),
    );
  });

  it.each<[object, object, string]>([
    [{ shard: 'b' }, {}, 'endpoints.1.shard'],
    [{ shard: '2', role: 'replica' }, {}, 'endpoints'],
    [{ shard: '2', role: 'backup' }, { copies: 'written' }, 'endpoints.1.role'],
  ])('needs endpoints of its shards: %j %j', (second, cluster, field) => {
    const settings = {
      endpoints: [endpoints[0], { url: 'http://b', ...second }],
      cluster: { name: 'bars', layout, ...cluster },
    };
    expect(() => completeClickHouseSettings(settings as never)).toThrow(expect.objectContaining({ field }));
  });
});
