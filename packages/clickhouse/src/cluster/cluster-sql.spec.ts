import { toWriteToken } from '@quantumtrade/dal-domain';
import { until } from '@quantumtrade/dal-testing';
import { sleep, systemClock } from '@quantumtrade/dal-runtime';
import type { ClickHouseSettings } from '../settings.js';
import { FakeCluster } from '../testing/fake-cluster.js';
import type { FakeAnswer } from '../testing/fake-server.js';
import { refusal, rows } from '../testing/fake-server.js';

const cluster = new FakeCluster();
/** Databases of the tables that servers were made to fetch. */
let syncedDatabases: unknown[] = [];
afterEach(async () => {
  syncedDatabases = [];
  await cluster.close();
});

const DATABASE = 'd';
const SERVERS = ['1', '1', '2', '2'].map((shard) => ({ shard }));

const LAYOUT = [{ shards: 1 }, { from: '2026-12', shards: 2 }];
const serve = (
  copies: 'replicated' | 'written',
  settings: Partial<ClickHouseSettings> = {},
  layout: typeof LAYOUT = LAYOUT,
) => cluster.serve(SERVERS, { ...settings, database: DATABASE, cluster: { name: 'bars', copies, layout } });
const nameOf = (number: number) => new URL(cluster.servers[number]!.url).host;
const synced = (number: number) =>
  cluster.servers[number]!.queries.filter((query) => query.startsWith('SYSTEM SYNC REPLICA'));
const writeOf = (number: number, id: string) =>
  ({ endpoint: nameOf(number), shard: SERVERS[number]!.shard, record: 'marketData', id }) as const;
const read = (from: { collect: ReturnType<typeof tables>['collect'] }, options?: object) =>
  from.collect('test', 'SELECT n', undefined, options, (block) => block.column('n').at(0) as number);
const tables = () => cluster.client.allTables();

/** Has a server answer syncs in this way, and reads with its number. */
function syncBy(number: number, sync: FakeAnswer): void {
  const server = cluster.servers[number]!;
  server.answer((response, request) =>
    (server.queries.at(-1)!.startsWith('SYSTEM') ? sync : rows({ n: number }))(response, request),
  );
}
const inSync: FakeAnswer = (response, request) => {
  syncedDatabases.push(request.headers['x-clickhouse-database']);
  response.end();
};

/** A symbol that the second layout stores on this shard. */
const symbolOf = (shard: number): string => {
  const layout = cluster.client.layout!;
  return Array.from({ length: 50 }, (_, n) => `S${n}`).find(
    (symbol) => layout.shardOf(symbol, 12 * 2027) === shard,
  )!;
};

it('reads go to the shard that has all symbols', async () => {
  await serve('written');
  const later = { start: Date.UTC(2027, 0) };
  for (const [shard, servers] of [
    [1, [0, 1]],
    [2, [2, 3]],
  ] as const) {
    const near = tables().near([symbolOf(shard)], later);
    expect(near.database).toBe(DATABASE);
    for (let n = 0; n < 10; n++) expect(servers).toContain((await read(near))[0]);
  }
  const both = [tables().near([symbolOf(1), symbolOf(2)], later), tables().near([symbolOf(2)])];
  for (const near of both) expect(near.database).toBe(`${DATABASE}_distributed`);
  expect(tables().near([symbolOf(2)], { end: Date.UTC(2026, 11) }).database).toBe(DATABASE);
});

it('rows of any symbol may be on a shard beyond the layout', async () => {
  await serve('written', {}, LAYOUT.slice(0, 1));
  expect(tables().shardsOf(undefined)).toEqual([1, 2]);
  expect(tables().shardsOf([symbolOf(1)])).toEqual([1]);
  await cluster.close();
  await serve('written');
  expect(tables().shardsOf(undefined, { end: Date.UTC(2026, 11) })).toEqual([1]);
});

it('blocks go to one copy or to all of them', async () => {
  await serve('replicated');
  expect(tables().copiesOf(2)).toHaveLength(1);
  await cluster.close();
  await serve('written');
  const copies = tables().copiesOf(2);
  const found = await Promise.all(copies.map((copy) => read(copy)));
  expect(found.flat().sort()).toEqual([2, 3]);
});

it('the last copy of a shard is no outlier', async () => {
  const ejection = { ejectionMs: 600_000, maxEjectionMs: 600_000 };
  await serve('written', { failover: { probeIntervalMs: 20, sweepIntervalMs: 20, ...ejection } });
  const later = { start: Date.UTC(2027, 0) };
  const [healthy, failing] = [1, 2].map((shard) => tables().near([symbolOf(shard)], later));
  await cluster.servers[2]!.stop();
  await until(async () => {
    await read(failing!).catch(() => undefined);
    return cluster.stateOf(2) !== 'healthy';
  });
  cluster.servers[3]!.answer(refusal(202, 'TOO_MANY_SIMULTANEOUS_QUERIES'));
  for (let round = 0; round < 10; round++) {
    await Promise.allSettled(Array.from({ length: 60 }, (_, n) => read(n % 2 === 0 ? failing! : healthy!)));
    await sleep(30, systemClock);
  }
  expect(cluster.stateOf(3)).toBe('healthy');
});

it('a written block is visible at every copy', async () => {
  await serve('written');
  const readAfter = toWriteToken([writeOf(0, 'a'), writeOf(1, 'a')])!;
  for (let n = 0; n < 10; n++) await read(tables(), { readAfter });
  expect([0, 1, 2, 3].flatMap(synced)).toEqual([]);
});

it('only replicated copies may be behind', async () => {
  await serve('written');
  expect(cluster.client.mayLag()).toBe(false);
  await cluster.close();
  await serve('replicated');
  expect(cluster.client.mayLag()).toBe(true);
});

it.each([
  [['1'], false],
  [['1', '2'], false],
  [['1', '1'], true],
])('servers of the shards %j without a cluster may be behind: %j', async (shards, mayLag) => {
  await cluster.serve(shards.map((shard) => ({ shard })));
  expect(cluster.client.mayLag()).toBe(mayLag);
});

it('a read of all shards waits for every copy', async () => {
  await serve('replicated');
  for (const number of [0, 1, 2, 3]) syncBy(number, inSync);
  const readAfter = toWriteToken([writeOf(0, 'a'), writeOf(2, 'b')])!;
  await read(tables(), { readAfter });
  const sync = 'SYSTEM SYNC REPLICA market_data LIGHTWEIGHT';
  expect([0, 1, 2, 3].map(synced)).toEqual([[], [sync], [], [sync]]);
  expect(syncedDatabases).toEqual([DATABASE, DATABASE]);
  await read(tables(), { readAfter });
  expect([0, 1, 2, 3].flatMap(synced)).toHaveLength(2);
});

it('a read of all shards fails without a needed copy', async () => {
  await serve('replicated');
  for (const number of [0, 1, 2]) syncBy(number, inSync);
  syncBy(3, refusal(36, 'BAD_ARGUMENTS'));
  const readAfter = toWriteToken([writeOf(2, 'b')])!;
  await expect(read(tables(), { readAfter })).rejects.toMatchObject({
    code: 'CONNECTION',
    message: expect.stringContaining('no server is known to have the write'),
  });
});

it('a read of one shard needs its own writes alone', async () => {
  await serve('replicated');
  for (const number of [0, 1, 2, 3]) syncBy(number, inSync);
  const near = tables().near([symbolOf(1)], { start: Date.UTC(2027, 0) });
  const readAfter = toWriteToken([writeOf(1, 'a'), writeOf(2, 'b')])!;
  for (let n = 0; n < 10; n++) expect(await read(near, { readAfter })).toEqual([1]);
  expect([0, 1, 2, 3].flatMap(synced)).toEqual([]);
});

it('error of a lost shard names its copies alone', async () => {
  await serve('written');
  const lost = [2, 3];
  await Promise.all(lost.map((number) => cluster.servers[number]!.stop()));
  const near = tables().near([symbolOf(2)], { start: Date.UTC(2027, 0) });
  const named = lost.map((number) => `${nameOf(number)} (ECONNREFUSED)`).join(', ');
  await until(async () => {
    const { message } = await read(near).then(rejects, (error: Error) => error);
    return message.endsWith(`no endpoint of shard 2 can be used now: ${named}`);
  });
});
const rejects = () => new Error('the read has an answer');
