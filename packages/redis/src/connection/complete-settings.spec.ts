import { printedForms } from '@quantumtrade/dal-conformance';
import { Secret } from '@quantumtrade/dal-runtime';
import { completeRedisSettings, endpointOf } from './complete-settings.js';

it('endpointOf parses a URL with only a host', () => {
  expect(endpointOf({ url: 'redis://cache.example' })).toEqual({
    host: 'cache.example',
    port: 6379,
    tls: undefined,
    username: undefined,
    password: undefined,
    database: 0,
  });
});

it('endpointOf parses a URL with every part', () => {
  expect(endpointOf({ url: 'rediss://ann:p%40ss%2Fword@[::1]:6380/4' })).toEqual({
    host: '::1',
    port: 6380,
    tls: {},
    username: 'ann',
    password: new Secret('p@ss/word'),
    database: 4,
  });
});

it('settings override the URL', () => {
  const settings = { username: 'bob', password: new Secret('own'), database: 0 };
  expect(endpointOf({ url: 'redis://ann:pw@host/4', ...settings })).toMatchObject(settings);
});

it.each([
  '',
  'host:6379',
  'http://host',
  'redis://',
  'redis://u:s3cr3t@host/four',
  'redis://%zz:s3cr3t@host',
])('endpointOf refuses the URL %j without showing it', (url) => {
  let error: unknown;
  try {
    endpointOf({ url });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'VALIDATION', field: 'url' });
  expect(printedForms(error)).not.toContain('s3cr3t');
});

it('tls settings enable TLS for any URL scheme', () => {
  const tls = { ca: 'a certificate', servername: 'cache.example' };
  expect(endpointOf({ url: 'redis://10.0.0.1', tls }).tls).toEqual(tls);
  expect(endpointOf({ url: 'rediss://10.0.0.1', tls }).tls).toEqual(tls);
});

const url = 'redis://127.0.0.1';
const cluster = { enabled: true, maxRedirections: 3, retryDelayMs: 100 };
const sentinel = { name: 'main', nodes: [{ host: '127.0.0.1', port: 26_379 }] };

it.each([
  ['sentinel', { url, cluster, sentinel }],
  ['sentinel.nodes', { url, sentinel: { ...sentinel, nodes: [] } }],
  ['readFrom', { url, readFrom: 'replica' as const }],
  ['readFrom', { url, readFrom: 'replica-preferred' as const, cluster: { ...cluster, enabled: false } }],
])('completeRedisSettings refuses a %s that contradicts other settings', (field, settings) => {
  expect(() => completeRedisSettings(settings)).toThrow(
    expect.objectContaining({ code: 'VALIDATION', field }),
  );
});

it.each(['connectionTimeoutMs', 'budgetMs', 'commandTimeoutMs', 'scanTimeoutMs'])(
  'completeRedisSettings refuses a %s of 0 or less',
  (field) => {
    for (const ms of [0, -1, NaN]) {
      expect(() => completeRedisSettings({ url, [field]: ms })).toThrow(
        expect.objectContaining({ code: 'VALIDATION', field }),
      );
    }
  },
);

it.each([
  { url },
  { url, scanTimeoutMs: 0.5, commandTimeoutMs: Infinity },
  { url, readFrom: 'master' as const },
  { url, sentinel, cluster: { ...cluster, enabled: false }, readFrom: 'replica' as const },
  { url, cluster, readFrom: 'replica-preferred' as const },
])('completeRedisSettings accepts consistent settings', (settings) => {
  expect(() => completeRedisSettings(settings)).not.toThrow();
});

it.each<[string, object, string]>([
  ['conectionTimeoutMs', { conectionTimeoutMs: 5 }, 'did you mean "connectionTimeoutMs"?'],
  ['maxConnections', { maxConnections: 3 }, 'unknown key'],
  ['tls.caFile', { tls: { caFile: 'x' } }, 'unknown key'],
  ['sentinel.node', { sentinel: { ...sentinel, node: [] } }, 'did you mean "nodes"?'],
  ['cluster.enable', { cluster: { ...cluster, enable: true } }, 'did you mean "enabled"?'],
])('completeRedisSettings refuses the unknown setting %s', (field, settings, message) => {
  expect(() => completeRedisSettings({ url, ...settings })).toThrow(
    expect.objectContaining({ code: 'VALIDATION', field, message: expect.stringContaining(message) }),
  );
});

it('completeRedisSettings refuses settings that are not an object', () => {
  for (const settings of [undefined, null, 'redis://127.0.0.1']) {
    expect(() => completeRedisSettings(settings as never)).toThrow(
      expect.objectContaining({ code: 'VALIDATION', field: 'settings' }),
    );
  }
});
