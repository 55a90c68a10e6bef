import { until } from '@quantumtrade/dal-testing';
import { ClickHouseCluster } from './clickhouse-cluster.js';
import type { ClickHouseNode } from './clickhouse-node.js';

const READ = 'SELECT sum(n) FROM whole.numbers';

let cluster: ClickHouseCluster;
beforeAll(async () => {
  cluster = await ClickHouseCluster.start({ shards: 1, copies: 2 });
  await createTables(cluster.nodes);
});
afterAll(() => cluster.stop());

/** Creates tables whose only row is the number of the shard. */
async function createTables(nodes: readonly ClickHouseNode[]): Promise<void> {
  for (const node of nodes) {
    await node.query('CREATE DATABASE part');
    await node.query('CREATE DATABASE whole');
    await node.query('CREATE TABLE part.numbers (n UInt64) ENGINE = MergeTree ORDER BY n');
    await node.query(
      `CREATE TABLE whole.numbers AS part.numbers ENGINE = Distributed(${cluster.name}, part, numbers, n)`,
    );
    await node.query(`INSERT INTO part.numbers VALUES (${node.shard})`);
  }
}

it('added shard is read by all nodes once they are updated', async () => {
  await createTables(await cluster.startShard());
  expect(await cluster.query(READ)).toEqual(['1\n', '1\n', '3\n', '3\n']);
  await cluster.updateNodes();
  expect(await cluster.query(READ)).toEqual(Array(4).fill('3\n'));
});

it('each node has macros of its own', async () => {
  const macros = "SELECT getMacro('shard'), getMacro('replica')";
  expect(await cluster.query(macros)).toEqual(['1\t1\n', '1\t2\n', '2\t1\n', '2\t2\n']);
});

it('queued inserts of a Distributed table arrive', async () => {
  const [node] = cluster.nodes;
  await cluster.query('CREATE TABLE part.queued (n UInt64) ENGINE = MergeTree ORDER BY n');
  await node!.query(
    `CREATE TABLE whole.queued AS part.queued ENGINE = Distributed(${cluster.name}, part, queued, n)`,
  );
  await node!.query('INSERT INTO whole.queued SELECT number FROM numbers(100)');
  const counts = async () => (await cluster.query('SELECT count() FROM part.queued')).map(Number);
  await until(async () => (await counts()).reduce((a, b) => a + b) === 100);
  expect((await counts()).filter((count) => count > 0)).toEqual([50, 50]);
});

it('killed copy is survived, a killed shard is an error', async () => {
  const [reader] = cluster.copiesOf(1);
  const [first, second] = cluster.copiesOf(2);
  await first!.kill();
  for (let i = 0; i < 4; i++) expect(await reader!.query(READ)).toBe('3\n');
  await second!.kill();
  await expect(reader!.query(READ)).rejects.toThrow('ALL_CONNECTION_TRIES_FAILED');
  expect([first!.isRunning, reader!.isRunning]).toEqual([false, true]);
  await Promise.all([first!.start(), second!.start()]);
  expect(await reader!.query(READ)).toBe('3\n');
});
