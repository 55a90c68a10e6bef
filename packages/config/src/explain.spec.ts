import { explainConfig } from './index.js';

const explained = async (text: string, env: Record<string, string> = {}) => {
  const { settings } = await explainConfig({ text, env, file: 'my.toml' });
  return Object.fromEntries(settings.map(({ key, value, origin }) => [key, `${value} from ${origin}`]));
};

describe('explainConfig', () => {
  it('returns the origin of each value: file, variable or default', async () => {
    const settings = await explained('[clickhouse]\nmax_connections = 7\nrequest_timeout = 2', {
      QTDAL_CLICKHOUSE__MAX_CONNECTIONS: '8',
      QTDAL_REDIS__CLUSTER__NODES: 'a:1,b:2',
    });
    expect(settings).toMatchObject({
      backend: 'embedded from default',
      'clickhouse.max_connections': '8 from QTDAL_CLICKHOUSE__MAX_CONNECTIONS',
      'clickhouse.request_timeout': '2000 ms from my.toml',
      'redis.cluster.nodes': 'a:1, b:2 from QTDAL_REDIS__CLUSTER__NODES',
      'redis.key_prefix': 'none from default',
    });
    expect(settings).not.toHaveProperty(['redis.sentinel.name']);
  });

  it('returns the key that chose the backend', async () => {
    expect((await explained('', { QTDAL_CLICKHOUSE__URL: 'http://ch' })).backend).toBe(
      'clickhouse-redis from because clickhouse.url is set',
    );
  });

  it('returns the URL as the origin of a login, without secrets', async () => {
    const settings = await explained('[clickhouse]\nurl = "http://ann:hunter2@ch/prices"');
    expect(settings).toMatchObject({
      'clickhouse.url': 'http://ch from my.toml',
      'clickhouse.database': 'prices from clickhouse.url of my.toml',
      'clickhouse.username': 'ann from clickhouse.url of my.toml',
      'clickhouse.password': 'set from clickhouse.url of my.toml',
      'redis.password': 'not set from default',
      'audit.key': 'not set from default',
    });
    expect(JSON.stringify(settings)).not.toContain('hunter2');
  });
});
