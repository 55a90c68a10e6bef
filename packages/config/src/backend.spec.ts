import { parseConfig } from './index.js';
import { problemOf } from './testing.js';

const backendOf = (toml: string, env: Record<string, string> = {}) => parseConfig(toml, env).backend;
const server = '[clickhouse]\nurl = "http://ch:8123"';

describe('parseConfig', () => {
  it('chooses the embedded backend when no ClickHouse server is described', () => {
    expect(backendOf('[clickhouse]\ndatabase = "prices"\npassword = ""')).toBe('embedded');
    expect(backendOf('[redis]\nurl = "redis://r"')).toBe('embedded');
  });

  it.each([
    ['a URL in the file', server, {}],
    ['a URL in the environment', '', { QTDAL_CLICKHOUSE__URL: 'http://ch' }],
    ['the default URL', '[clickhouse]\nurl = "http://127.0.0.1:8123"', {}],
    ['endpoints in the file', '[[clickhouse.endpoints]]\nurl = "http://ch"', {}],
    ['endpoints in the environment', '', { QTDAL_CLICKHOUSE__ENDPOINTS: '[{"url":"http://ch"}]' }],
    ['a username', '[clickhouse]\nusername = "ann"', {}],
    ['a password', '', { QTDAL_CLICKHOUSE__PASSWORD: 'sesame' }],
  ])('chooses the ClickHouse server when the configuration has %s', (_by, toml, env) => {
    expect(backendOf(toml, env)).toBe('clickhouse-redis');
  });

  it('chooses the backend of the environment over the server of the file', () => {
    expect(backendOf(server, { QTDAL_BACKEND: 'memory' })).toBe('memory');
    expect(backendOf(`backend = "clickhouse-redis"\n${server}`, { QTDAL_BACKEND: 'embedded' })).toBe(
      'embedded',
    );
  });

  it.each([
    ['in one file', `backend = "embedded"\n${server}`, {}, 'clickhouse.url', 'my.toml'],
    [
      'with several endpoints',
      'backend = "memory"\n[[clickhouse.endpoints]]\nurl = "http://ch"',
      {},
      'clickhouse.endpoints',
      'my.toml',
    ],
    [
      'with the server in the environment',
      'backend = "memory"',
      { QTDAL_CLICKHOUSE__URL: 'http://ch' },
      'QTDAL_CLICKHOUSE__URL',
      'environment',
    ],
    [
      'both in the environment',
      '',
      { QTDAL_BACKEND: 'memory', QTDAL_CLICKHOUSE__URL: 'http://ch' },
      'QTDAL_CLICKHOUSE__URL',
      'environment',
    ],
  ])('refuses a ClickHouse URL beside another backend %s', (_where, toml, env, key, source) => {
    expect(problemOf(() => parseConfig(toml, env, 'my.toml'))).toMatchObject({
      key,
      source,
      reason: expect.stringMatching(/^contradicts backend "(memory|embedded)"/),
    });
  });
});
