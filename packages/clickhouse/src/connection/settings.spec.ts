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
    database: 'quantumtrade',
    username: 'app_user',
    password: undefined,
    connectionTimeoutMs: 30_000,
    requestTimeoutMs: 120_000,
    maxConnections: 20,
    maxQueuedCalls: 10_000,
    maxResultRows: 500_000,
    defaultPageRows: 10_000,
    scanBudgetRows: 1_000_000_000,
    maxResultBytes: 268_435_456,
    compression: false,
    maxInsertBlockSize: 100_000,
    maxQuerySize: 262_144,
    retry: { maxAttempts: 5, initialDelayMs: 100, maxDelayMs: 5_000, backoffMultiplier: 2 },
  });
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
