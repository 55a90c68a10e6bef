import { ClickHouseCluster } from '@quantumtrade/dal-test-servers/cluster';
import { bars } from '@quantumtrade/dal-testing/records';
import { connectClickHouse } from '../backend.js';

let cluster: ClickHouseCluster;
beforeAll(async () => {
  cluster = await ClickHouseCluster.start({ shards: 1, copies: 2 });
});
afterAll(() => cluster.stop());

it('a copy without tables is refused, and taken once it is filled', async () => {
  const [first, second] = cluster.nodes;
  const { username, password } = first!;
  const backend = connectClickHouse({
    endpoints: cluster.nodes.map(({ url, shard }) => ({ url, shard: String(shard) })),
    ...{ username, password, database: 'd', retry: { maxAttempts: 1 } },
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

  const filling = connectClickHouse({ url: second!.url, username, password, database: 'filling' });
  await filling.schema.initialize();
  await filling.probe.close();
  const tables = await second!.query(
    "SELECT name FROM system.tables WHERE database = 'filling' AND NOT startsWith(name, 'schema_')",
  );
  for (const table of tables.trim().split('\n')) {
    const from = `remote('127.0.0.1:${first!.tcpPort}', d, ${table}, '${username}', '${password}')`;
    await second!.query(`INSERT INTO filling.${table} SELECT * FROM ${from}`);
  }
  await second!.query('RENAME DATABASE filling TO d');
  await backend.schema.initialize();
  expect(await backend.schema.validate()).toMatchObject({ valid: true });
  await backend.marketData.insert(bars(['B']));
  const symbols = 'SELECT arraySort(groupArray(symbol)) FROM d.market_data FINAL';
  expect(await cluster.query(symbols)).toEqual(["['A','B']\n", "['A','B']\n"]);
  await backend.probe.close();
});
