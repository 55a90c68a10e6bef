import { ClickHouseCluster } from '@quantumtrade/dal-test-servers/cluster';
import { bars } from '@quantumtrade/dal-testing/records';
import { connectClickHouse } from '../backend.js';

let cluster: ClickHouseCluster;
beforeAll(async () => {
  cluster = await ClickHouseCluster.start({ shards: 1, copies: 2 });
});
afterAll(() => cluster.stop());

it('a copy without tables is refused once another has rows', async () => {
  const [first, second] = cluster.nodes;
  const backend = connectClickHouse({
    endpoints: cluster.nodes.map(({ url, shard }) => ({ url, shard: String(shard) })),
    username: first!.username,
    password: first!.password,
    database: 'd',
    retry: { maxAttempts: 1 },
    cluster: { name: cluster.name, copies: 'written', layout: [{ shards: 1 }] },
  });
  await backend.schema.initialize();
  await second!.query('DROP DATABASE d');
  await backend.schema.initialize();
  await backend.marketData.insert(bars(['A']));
  expect(await cluster.query('SELECT count() FROM d.market_data')).toEqual(['1\n', '1\n']);
  await second!.query('DROP DATABASE d');
  await expect(backend.schema.initialize()).rejects.toMatchObject({
    code: 'MIGRATION',
    message: expect.stringMatching(/has no tables, and .* has rows of their shard 1.*Nothing was changed/),
  });
  await expect(backend.marketData.insert(bars(['B']))).rejects.toMatchObject({ code: 'QUERY' });
  await backend.probe.close();
});
