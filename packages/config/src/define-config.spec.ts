import { inspect } from 'node:util';
import { defineConfig, parseConfig, Secret } from './index.js';
import { problemOf } from './testing.js';

const anything = (input: unknown) => () => defineConfig(input as never);

describe('defineConfig', () => {
  it('returns the defaults when it gets an empty object', () => {
    expect(defineConfig({})).toEqual(parseConfig('', {}));
  });

  it('returns the same configuration as a file with the same values', () => {
    const toml = `
      [clickhouse]
      url = "https://ann:sesame@ch:8443/prices"
      connection_timeout = 1.5
      compression = false
      retry = { max_attempts = 4, initial_delay_ms = 5 }
      [redis]
      command_timeout = 0.25
      tls = { ca_file = "ca.pem" }
      sentinel = { name = "main", nodes = ["a", "[::1]:2"] }
      [audit]
      directory = "trail"`;
    const config = defineConfig({
      clickhouse: {
        url: 'https://ann:sesame@ch:8443/prices',
        connectionTimeoutMs: 1_500,
        compression: false,
        retry: { maxAttempts: 4, initialDelayMs: 5 },
      },
      redis: {
        commandTimeoutMs: 250,
        tls: { caFile: 'ca.pem' },
        sentinel: { name: 'main', nodes: ['a', { host: '::1', port: 2 }] },
      },
      audit: { directory: 'trail' },
    });
    expect(config).toEqual(parseConfig(toml, {}));
    expect(config.clickhouse.password?.reveal()).toBe('sesame');
  });

  it('returns an equal configuration when it gets a complete one', () => {
    const toml =
      '[redis]\npassword = "sesame"\n[redis.sentinel]\nname = "m"\nnodes = ["[::1]:5"]\n[redis.tls]';
    const config = parseConfig(toml, {});
    expect(defineConfig(config)).toEqual(config);
    expect(defineConfig(config).redis.password?.reveal()).toBe('sesame');
    expect(defineConfig({ ...config, backend: 'memory' }).backend).toBe('memory');
  });

  it('wraps plain passwords in secrets', () => {
    const password = 'hunter2';
    const config = defineConfig({
      clickhouse: { password },
      redis: { password: new Secret(password), sentinel: { name: 'm', nodes: ['a'], password } },
      audit: { key: password },
    });
    expect(config.clickhouse.password?.reveal()).toBe(password);
    expect(config.redis.sentinel?.password?.reveal()).toBe(password);
    const shown = inspect(config, { showHidden: true, depth: null }) + JSON.stringify(config);
    expect(shown).not.toContain(password);
  });

  it.each([
    [{ clickhouse: { maxConections: 5 } }, 'clickhouse.maxConections', 'did you mean "maxConnections"?'],
    [{ clickhouse: { max_connections: 5 } }, 'clickhouse.max_connections', 'did you mean "maxConnections"?'],
    [{ redis: { maxConnections: 5 } }, 'redis.maxConnections', 'was removed: one connection to each server'],
    [{ redis: { maxIdle: 5 } }, 'redis.maxIdle', 'was removed: one connection to each server'],
    [{ redis: { connectionLifetimeMs: 5 } }, 'redis.connectionLifetimeMs', 'was removed: a connection that'],
    [{ redis: { hunter2: 5 } }, 'redis.[hidden]', 'unknown key'],
    [{ clickhouse: { url: 'http://ann@ch', username: 'bob' } }, 'clickhouse.username', 'in clickhouse.url'],
    [{ redis: { url: 'redis://r/3', database: 4 } }, 'redis.database', 'in redis.url'],
    [{ clickhous: {} }, 'clickhous', 'did you mean "clickhouse"?'],
    [JSON.parse('{ "redis": { "__proto__": { "x": 1 } } }'), 'redis.__proto__', 'unknown key'],
    [{ clickhouse: { connectionTimeoutMs: 0 } }, 'clickhouse.connectionTimeoutMs', 'expected at least 1 ms'],
    [
      { clickhouse: { connectionTimeoutMs: 'soon' } },
      'clickhouse.connectionTimeoutMs',
      'expected a number above 0',
    ],
    [
      { clickhouse: { connectionTimeoutMs: '5' } },
      'clickhouse.connectionTimeoutMs',
      'expected a number above 0',
    ],
    [
      { clickhouse: { retry: { maxAttempts: 0 } } },
      'clickhouse.retry.maxAttempts',
      'expected a whole number above 0',
    ],
    [{ clickhouse: { url: 'ch:8123' } }, 'clickhouse.url', 'expected a URL that starts with http://'],
    [{ clickhouse: { password: 5 } }, 'clickhouse.password', 'expected text'],
    [{ clickhouse: new Map() }, 'clickhouse', 'expected a plain object'],
    [{ redis: { cluster: { nodes: ['a', ':1'] } } }, 'redis.cluster.nodes.1', 'expected host:port'],
    [{ redis: { cluster: { nodes: [{ host: 'a b' }] } } }, 'redis.cluster.nodes.0', 'expected host:port'],
    [
      { backend: 'memory', clickhouse: { url: 'http://ch' } },
      'clickhouse.url',
      'contradicts backend "memory"',
    ],
    [null, undefined, 'expected a plain object'],
  ])('refuses %j', (input, key, reason) => {
    expect(problemOf(anything(input))).toMatchObject({
      key,
      source: 'defineConfig',
      reason: expect.stringContaining(reason),
    });
  });
});
