import { setTimeout as delay } from 'node:timers/promises';
import { ClickHouseCluster, type ClickHouseNode } from '@quantumtrade/dal-test-servers/cluster';
import { copySchema } from '@quantumtrade/dal-testing/clickhouse';
import { Random } from '@quantumtrade/dal-testing';
import { connectClickHouse, type ClickHouseBackend } from '../../backend.js';

const SEED = Number(process.env['QT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const AT_ONCE = { settleMs: 0 };
const NEWEST = 30_000;
const TEMPLATE = 'template';
const CONTENT =
  "SELECT partition, rows, hash FROM (SELECT _partition_id AS partition, count() AS rows, sum(cityHash64(formatRow('RowBinary', *))) AS hash FROM market_data FINAL GROUP BY partition) ORDER BY partition";

let cluster: ClickHouseCluster;
let first: ClickHouseNode;
let second: ClickHouseNode;
let backend: ClickHouseBackend;
let databases = 0;
let database: string;

beforeAll(async () => {
  cluster = await ClickHouseCluster.start({ shards: 1, copies: 2 });
  [first, second] = cluster.nodes as [ClickHouseNode, ClickHouseNode];
  database = TEMPLATE;
  const { schema, probe } = connect();
  await schema.initialize();
  await probe.close();
});
beforeEach(async () => {
  database = `d${++databases}`;
  for (const node of cluster.nodes) await copySchema(node, TEMPLATE, database);
  backend = connect();
});
afterEach(() => backend.probe.close());
afterAll(() => cluster.stop());

const connect = () =>
  connectClickHouse({
    endpoints: cluster.nodes.map(({ url, shard }) => ({ url, shard: String(shard) })),
    ...{ username: first.username, password: first.password, database },
    ...{ retry: { maxAttempts: 1 }, failover: { probeIntervalMs: 40, probeTimeoutMs: 400 } },
    cluster: { name: cluster.name, copies: 'written', layout: [{ shards: 1 }] },
  });

const nameOf = ({ url }: ClickHouseNode) => new URL(url).host;

/** Stores numbered rows on some copies, a third of them in the second month. */
async function store(
  nodes: readonly ClickHouseNode[],
  numbers: readonly number[],
  { version = 1, priceOf = (_n: number): number => 0 } = {},
): Promise<void> {
  if (numbers.length === 0) return;
  const rows = numbers.map((n) => {
    const at = `2024-0${n % 3 === 0 ? 2 : 1}-03 00:00:00.${String(n % 1_000).padStart(3, '0')}`;
    return `('S${n}', '${at}', ${priceOf(n)}, 1, 1, 1, 1, 1, 'x', 100, ${version})`;
  });
  const insert = `INSERT INTO market_data VALUES ${rows.join()}`;
  for (const node of nodes) await node.query(insert, database);
}

const query = (sql: string) => cluster.query(sql, database);

/** Removes all parts of a partition, as a server does that loses a disk. */
const lose = (node: ClickHouseNode, partition: string) =>
  node.query(`ALTER TABLE market_data DROP PARTITION ID '${partition}'`, database);

const rowsIn = (differences: Awaited<ReturnType<typeof backend.copies.compare>>['differences']) =>
  differences.map(({ shard, table, partition, copies }) => ({
    ...{ shard, table, partition },
    rows: copies.map(({ rows }) => rows),
  }));

it(`rows on one copy are found and repaired (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const numbers = Array.from({ length: 3_000 }, (_, n) => n);
  const [onBoth, onFirst, onSecond]: number[][] = [[], [], []];
  for (const n of numbers) (random.chance(0.9) ? onBoth! : random.chance(0.5) ? onFirst! : onSecond!).push(n);
  await store(cluster.nodes, onBoth!);
  await store([first], onFirst!);
  await store([second], onSecond!);
  // Newer versions that each copy lacks, and older ones, which must not win.
  const newer = onBoth!.filter(() => random.chance(0.05));
  for (const node of cluster.nodes) {
    const own = newer.filter((n) => n % 2 === Number(node === first));
    await store([node], own, { version: 2, priceOf: (n) => n });
    await store([node], own.slice(0, 9), { version: 0, priceOf: () => 7 });
    await store([node], onBoth!.slice(0, 9), { version: 0, priceOf: () => 7 });
  }
  await first.query("INSERT INTO ingestion_checkpoints VALUES ('feed', 6, '2024-01-01 00:00:00')", database);

  const before = await backend.copies.compare(AT_ONCE);
  const months = (own: readonly number[]) =>
    [1, 2].map((month) => own.filter((n) => (n % 3 === 0 ? 2 : 1) === month).length);
  const [firstRows, secondRows] = [months([...onBoth!, ...onFirst!]), months([...onBoth!, ...onSecond!])];
  expect(rowsIn(before.differences).sort((a, b) => (a.table < b.table ? -1 : 1))).toEqual([
    { shard: '1', table: 'ingestion_checkpoints', partition: 'all', rows: [1, 0] },
    { shard: '1', table: 'market_data', partition: '202401', rows: [firstRows[0], secondRows[0]] },
    { shard: '1', table: 'market_data', partition: '202402', rows: [firstRows[1], secondRows[1]] },
  ]);
  expect(before.differences[0]!.copies.map(({ server }) => server)).toEqual([first, second].map(nameOf));

  const { copied, refused, after } = await backend.copies.repair(AT_ONCE);
  expect({ refused, differences: after.differences, unsettled: after.unsettled }).toEqual({
    refused: [],
    differences: [],
    unsettled: [],
  });
  expect(new Set(copied.map(({ server }) => server))).toEqual(new Set([first, second].map(nameOf)));
  const [one, other] = await query(CONTENT);
  expect(one).toBe(other);
  expect(await query('SELECT count() FROM market_data FINAL')).toEqual(Array(2).fill(`${numbers.length}\n`));
  const changed = 'SELECT countIf(open = toUInt32(substring(symbol, 2)) AND open > 0) FROM market_data FINAL';
  expect(await query(changed)).toEqual(Array(2).fill(`${newer.filter((n) => n > 0).length}\n`));
  expect((await backend.copies.repair(AT_ONCE)).copied).toEqual([]);
});

it('equal numbers of other rows are found by their values', async () => {
  await store(cluster.nodes, [1, 2]);
  await store([first], [4]);
  await store([second], [5]);
  expect((await backend.copies.compare({ ...AT_ONCE, content: false })).differences).toEqual([]);
  expect(rowsIn((await backend.copies.compare(AT_ONCE)).differences)).toEqual([
    { shard: '1', table: 'market_data', partition: '202401', rows: [3, 3] },
  ]);
});

it('merged and unmerged parts of the same rows are equal', async () => {
  await store(cluster.nodes, [1, 2]);
  await store(cluster.nodes, [1], { version: 2 });
  await first.query('OPTIMIZE TABLE market_data FINAL', database);
  const { partitions, differences } = await backend.copies.compare(AT_ONCE);
  expect({ partitions, differences }).toEqual({ partitions: 1, differences: [] });
});

it('repair gives rows of one key and version one value', async () => {
  await store([first], [1, 2], { priceOf: () => 1 });
  await store([second], [1, 2], { priceOf: () => 2 });
  expect((await backend.copies.repair(AT_ONCE)).after.differences).toEqual([]);
  const [one, other] = await query(CONTENT);
  expect(one).toBe(other);
});

it('lost partition is filled', async () => {
  const rows = `SELECT concat('S', toString(number % 9)), toDateTime64('2024-01-03', 3, 'UTC') + number, 1, 1, 1, 1, 1, 1, 'x', 100, 1 FROM numbers(250000)`;
  await query(`INSERT INTO market_data ${rows}`);
  await lose(second, '202401');
  const { copied, after } = await backend.copies.repair(AT_ONCE);
  expect(copied).toEqual([
    { shard: '1', table: 'market_data', partition: '202401', server: nameOf(second), rows: 250_000 },
  ]);
  expect(after.differences).toEqual([]);
  expect(await second.query('SELECT count() FROM market_data', database)).toBe('250000\n');
});

it(`writes on their way are no difference, lost rows are (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const written = new Set<number>();
  let isOver = false;
  let next = NEWEST;
  const write = async () => {
    while (!isOver) {
      const numbers = Array.from({ length: 1 + random.below(20) }, () =>
        random.chance(0.3) && written.size > 0 ? random.pick([...written]) : next++,
      );
      await backend.marketData.insert({
        source: 'x',
        records: [...new Set(numbers)].map((n) => ({
          ...{ symbol: `S${n}`, timestamp: Date.UTC(2024, 0, 3) + n, open: random.below(100) },
          ...{ high: 1, low: 1, close: 1, volume: 1, adjustedClose: 1, qualityScore: 100 },
        })),
      });
      for (const n of numbers) written.add(n);
      await delay(random.below(10));
    }
  };
  await store(
    cluster.nodes,
    Array.from({ length: 500 }, (_, n) => n),
  );
  const load = Promise.all([write(), write()]);
  try {
    for (let times = 0; times < 5; times++)
      expect((await backend.copies.compare({ settleMs: 200 })).differences).toEqual([]);
    await store([first], [1_000, 1_002]);
    expect((await backend.copies.compare({ settleMs: 200 })).differences).toHaveLength(2);
    await lose(second, '202402');
    const { after } = await backend.copies.repair({ settleMs: 200 });
    expect(after.differences).toEqual([]);
  } finally {
    isOver = true;
  }
  await load;
  const [one, other] = await query(CONTENT);
  expect(one).toBe(other);
  expect(await second.query('SELECT count() FROM market_data FINAL', database)).toBe(
    `${502 + written.size}\n`,
  );
});

it.each(['DELETE FROM market_data WHERE', 'ALTER TABLE market_data DELETE WHERE'])(
  'rows deleted by %s do not come back',
  async (statement) => {
    await store(cluster.nodes, [1, 2, 4]);
    await first.query(`${statement} symbol = 'S1' SETTINGS mutations_sync = 2`, database);
    const { copied, refused, after } = await backend.copies.repair(AT_ONCE);
    expect(copied.map(({ server }) => server)).toEqual([nameOf(second)]);
    expect(refused).toEqual([
      {
        ...{ shard: '1', table: 'market_data', partition: '202401', server: nameOf(first) },
        reason: `${nameOf(first)} had rows deleted that ${nameOf(second)} has; delete them there too`,
      },
    ]);
    expect(rowsIn(after.differences)).toMatchObject([{ rows: [2, 3] }]);
    await second.query(`${statement} symbol = 'S1' SETTINGS mutations_sync = 2`, database);
    await store([first], [5]);
    expect((await backend.copies.repair(AT_ONCE)).after.differences).toEqual([]);
    expect(await query('SELECT arraySort(groupArray(symbol)) FROM market_data FINAL')).toEqual(
      Array(2).fill("['S2','S4','S5']\n"),
    );
  },
);

it('deleted rows come back where that is asked for', async () => {
  await store(cluster.nodes, [1, 2]);
  await first.query("DELETE FROM market_data WHERE symbol = 'S1'", database);
  const { refused, after } = await backend.copies.repair({ ...AT_ONCE, restoreDeleted: true });
  expect([refused, after.differences]).toEqual([[], []]);
  expect(await query('SELECT count() FROM market_data FINAL')).toEqual(['2\n', '2\n']);
});

it('rows that the retention deletes are left alone', async () => {
  await first.query('ALTER TABLE market_data MODIFY TTL timestamp + toIntervalDay(30)', database);
  await query('SYSTEM STOP TTL MERGES market_data');
  await store([second], [1, 2]);
  expect((await backend.copies.compare(AT_ONCE)).differences).toEqual([]);
  expect((await backend.copies.repair(AT_ONCE)).copied).toEqual([]);
});

it('copy without tables or without its server is named', async () => {
  await store(cluster.nodes, [1]);
  await second.query('DROP TABLE features SYNC', database);
  expect((await backend.copies.compare(AT_ONCE)).lacking).toEqual([
    { server: nameOf(second), table: 'features' },
  ]);
  await second.kill();
  try {
    const { partitions, unreachable } = await backend.copies.compare(AT_ONCE);
    expect({ partitions, unreachable }).toEqual({
      partitions: 0,
      unreachable: [{ server: nameOf(second), error: expect.stringContaining(nameOf(second)) }],
    });
    await expect(backend.copies.repair(AT_ONCE)).rejects.toMatchObject({ code: 'CONNECTION' });
  } finally {
    await second.start();
  }
});

it('deadline ends a comparison', async () => {
  await store([first], [1]);
  const deadline = Date.now() + 500;
  await expect(backend.copies.compare({ settleMs: 60_000, deadline })).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
});
