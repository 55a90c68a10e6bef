import { FakeCluster } from '../../testing/fake-cluster.js';
import { hangUp } from '../../testing/fake-server.js';

const cluster = new FakeCluster();
const PRIMARY = { role: 'primary' } as const;

afterEach(() => cluster.close());

it('statements at a server go there in every database', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  const sql = cluster.client.sql('d').at(cluster.client.endpoints()[1]!.name);
  for (const each of [sql, sql.on('e'), sql.continuing, sql.on('e').continuing]) {
    expect(await each.rows('test', 'SELECT n')).toEqual([{ n: 1 }]);
  }
  expect(cluster.servers[0]!.queries).toEqual([]);
});

it('statements at a server that fails go to no other', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  const sql = cluster.client.sql('d').at(cluster.client.endpoints()[1]!.name);
  cluster.servers[1]!.answer(hangUp);
  await expect(sql.rows('test', 'SELECT n')).rejects.toMatchObject({ code: 'CONNECTION' });
  expect(cluster.servers[0]!.queries).toEqual([]);
});
