import { parseConfig } from './index.js';
import { problemOf } from './testing.js';

describe('server URLs', () => {
  it('fill in credentials and database', () => {
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
  ])('are refused when they contradict a key in %j', (toml, key, url) => {
    const problem = problemOf(() => parseConfig(toml, {}, 'my.toml'));
    expect(problem).toMatchObject({ key, source: 'my.toml' });
    expect(problem.reason).toBe(
      `contradicts the ${key.split('.')[1]} in ${url}: remove one of the two, or make them equal`,
    );
    expect(problem.stack).not.toMatch(/hunter|ann|bob|bars|prices/);
  });

  it('are named by their variable when they contradict a key', () => {
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

  it('are accepted when the keys repeat them', () => {
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

  it('are replaced by variables', () => {
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
  ])('refuses the URL of %s: %s', (section, url, reason) => {
    const problem = problemOf(() => parseConfig(`[${section}]\nurl = "${url}"`, {}, 'my.toml'));
    expect(problem).toMatchObject({ key: `${section}.url`, reason, source: 'my.toml' });
    expect(problem.stack).not.toContain('hunter2');
  });
});
