import { completeSettings } from './settings.js';

it('has the defaults of the specification, also for what is undefined', () => {
  expect(
    completeSettings({
      url: 'http://127.0.0.1:8123',
      password: undefined,
      retry: { maxAttempts: 5 },
    } as never),
  ).toEqual({
    url: 'http://127.0.0.1:8123',
    database: 'quantumtrade',
    username: 'default',
    password: '',
    connectionTimeoutMs: 30_000,
    requestTimeoutMs: 120_000,
    maxConnections: 20,
    compression: true,
    maxInsertBlockSize: 100_000,
    maxQuerySize: 262_144,
    retry: { maxAttempts: 5, initialDelayMs: 100, maxDelayMs: 5_000, backoffMultiplier: 2 },
  });
});

it.each(['127.0.0.1:8123', 'ftp://host', 'http://user:s3cret@host:8123', 'http://host:8123/database', ''])(
  'refuses %s as an address, without repeating it',
  (url) => {
    expect(() => completeSettings({ url })).toThrow(
      'Data validation failed: url - must be an http or https address without credentials or a path',
    );
  },
);

it('refuses a database name that is no plain identifier', () => {
  expect(() => completeSettings({ url: 'http://host', database: 'a b' })).toThrow('database');
});
