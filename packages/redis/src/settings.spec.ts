import { everythingOf } from '@quantumtrade/dal-conformance';
import { endpointOf } from './settings.js';

it('reads an address with nothing but a host', () => {
  expect(endpointOf({ url: 'redis://cache.example' })).toEqual({
    host: 'cache.example',
    port: 6379,
    tls: false,
    username: undefined,
    password: undefined,
    database: 0,
  });
});

it('reads an address with all there can be', () => {
  expect(endpointOf({ url: 'rediss://ann:p%40ss%2Fword@[::1]:6380/4' })).toEqual({
    host: '::1',
    port: 6380,
    tls: true,
    username: 'ann',
    password: 'p@ss/word',
    database: 4,
  });
});

it('lets the settings win over the address', () => {
  const settings = { username: 'bob', password: 'own', database: 0 };
  expect(endpointOf({ url: 'redis://ann:pw@host/4', ...settings })).toMatchObject(settings);
});

it.each([
  '',
  'host:6379',
  'http://host',
  'redis://',
  'redis://u:s3cr3t@host/four',
  'redis://%zz:s3cr3t@host',
])('refuses %j without showing it', (url) => {
  let error: unknown;
  try {
    endpointOf({ url });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'VALIDATION', field: 'url' });
  expect(everythingOf(error)).not.toContain('s3cr3t');
});
