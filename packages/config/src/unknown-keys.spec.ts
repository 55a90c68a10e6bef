import { parseConfig } from './index.js';
import { problemOf } from './testing.js';

describe('unknown keys', () => {
  it('are named with the most similar known key', () => {
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

  it('are hidden when they may be a secret', () => {
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

  it('are reported before wrong values', () => {
    const toml = '[clickhouse]\nmax_connections = "many"\nmax_query_siez = 5';
    expect(problemOf(() => parseConfig(toml, {})).key).toBe('clickhouse.max_query_siez');
  });

  it.each(['__proto__', 'constructor', 'toString'])('include %s', (key) => {
    expect(problemOf(() => parseConfig(`[redis.cluster]\n${key} = 1`, {})).key).toBe(`redis.cluster.${key}`);
    expect(problemOf(() => parseConfig('', { [`QTDAL_REDIS__${key}`]: '1' })).source).toBe('environment');
  });

  it.each(['max_connections', 'max_idle', 'connection_lifetime'])(
    'give the reason for removing redis.%s',
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
  ])('keep the message short for %s', (_what, toml) => {
    expect(problemOf(() => parseConfig(toml, {})).message.length).toBeLessThan(1_000);
  });
});
