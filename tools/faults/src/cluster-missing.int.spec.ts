import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { MissingShard, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { Random, until } from '@quantumtrade/dal-testing';
import { ClusterSite } from './cluster/cluster-site.js';
import { shardExpression } from './cluster/inspect-cluster.js';
import { PLAN, SEED } from './plan.js';
import { numberedBar, numberedBatch } from './writing/numbered-bars.js';

const ROWS = 200;
const NUMBERS = Array.from({ length: ROWS }, (_, n) => n);
const SYMBOLS = Array.from({ length: 7 }, (_, n) => numberedBar(n).symbol);
const FEBRUARY = Date.UTC(2024, 1, 1);
const SHARDS = [1, 2];
/** Long enough for a read to learn that a shard is lost. */
const within = () => ({ deadline: Date.now() + 10_000 });
const allowed = () => ({ ...within(), missingShards: 'allowed' as const });

let site: ClusterSite;
let memory: TimeSeriesBackend;
beforeAll(async () => {
  site = await ClusterSite.start();
  memory = memoryTimeSeries();
  await memory.schema.initialize();
  await store(memory);
});
beforeEach(() => site.renew());
afterAll(async () => {
  await memory?.probe.close();
  await site.stop();
});

async function store({ marketData, features }: TimeSeriesBackend): Promise<void> {
  expect(await marketData.insert(numberedBatch(NUMBERS))).toMatchObject({ insertedCount: ROWS });
  await features.insert(
    NUMBERS.map((n) => {
      const { symbol, timestamp } = numberedBar(n);
      return { symbol, timestamp, features: { a: n, b: -n }, version: 1 };
    }),
  );
}

/** Returns the symbols on a shard, where there are two. */
async function symbolsOf(shard: number): Promise<string[]> {
  const list = SYMBOLS.map((symbol) => `'${symbol}'`).join();
  const sql = `SELECT symbol FROM (SELECT arrayJoin([${list}]) AS symbol, toDateTime(0) AS timestamp) WHERE ${shardExpression()} = ${shard} ORDER BY symbol`;
  return (await site.cluster.nodes.find(({ isRunning }) => isRunning)!.query(sql)).trim().split('\n');
}

const missingShard = (shard: number, values: readonly string[] | null): MissingShard => ({
  shard,
  values,
  reason: expect.stringContaining(`shard ${shard}`) as unknown as string,
});

const kill = (shard: number) => Promise.all(site.cluster.copiesOf(shard).map((node) => node.kill()));

/** Starts the copies of a shard. Resolves when a reader uses them again, which it learns from probes. */
async function start(shard: number, { probe }: TimeSeriesBackend): Promise<void> {
  await Promise.all(site.cluster.copiesOf(shard).map((node) => node.start()));
  await until(() => probe.endpoints!().every(({ state }) => state === 'healthy'));
}

type Ordered = { readonly order: 'time' | 'key'; readonly direction: 'ascending' | 'descending' };
const anyOrder = (random: Random): Ordered => ({
  order: random.pick(['time', 'key'] as const),
  direction: random.pick(['ascending', 'descending'] as const),
});

const textOf = (value: object): string => inspect(value, { depth: null, maxArrayLength: null });

/** Expects reads of any kind to have the rows of some symbols, and to lack a shard. */
async function expectRows(
  backend: TimeSeriesBackend,
  random: Random,
  symbols: readonly string[],
  missing: readonly MissingShard[],
): Promise<void> {
  const select = { symbols, ...anyOrder(random) };
  const ordered = { order: select.order, direction: select.direction };
  const limit = 1 + random.below(2 * ROWS);
  const isComplete = missing.length === 0;

  const expected = await memory.marketData.find({ ...select, limit });
  const page = await backend.marketData.find({ ...ordered, limit }, allowed());
  expect(page.data).toEqual(expected.data);
  expect(page).toMatchObject({
    hasMore: expected.hasMore,
    totalCount: isComplete ? expected.totalCount : null,
    missing,
  });

  const [sets, wanted] = await Promise.all([
    backend.features.find({ ...ordered, limit }, allowed()),
    memory.features.find({ ...select, limit }),
  ]);
  expect(sets.data).toEqual(wanted.data);
  expect(sets.missing).toEqual(missing);

  const columns = await backend.marketData.columns({ ...ordered, limit }, { ...allowed(), exact: true });
  const { rowCount, columns: values } = await memory.marketData.columns(
    { ...select, limit },
    { exact: true },
  );
  expect({ ...columns, columns: textOf(columns.columns) }).toEqual({
    rowCount,
    missing,
    columns: textOf(values),
  });
  const { columns: unordered } = await backend.marketData.columns({ order: 'none' }, allowed());
  const all = await memory.marketData.columns({ symbols });
  expect([...unordered.volume].sort()).toEqual([...all.columns.volume].sort());

  const named = missing.map((each) => ({ ...each, values: SYMBOLS.filter((s) => !symbols.includes(s)) }));
  const latest = await backend.marketData.latestMany(SYMBOLS, 3, allowed());
  expect(latest).toEqual({ data: await memory.marketData.latestMany(symbols, 3), missing: named });
  const latestSets = await backend.features.latestMany(SYMBOLS, allowed());
  expect(latestSets).toEqual({ data: await memory.features.latestMany(symbols), missing: named });
}

it(`answers lack the rows of a lost shard alone (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const backend = site.connect();
  await store(backend);
  for (let kills = 0; kills < PLAN.shardKills; kills++) {
    const lost = random.pick(SHARDS);
    const [left, lostSymbols] = await Promise.all([symbolsOf(3 - lost), symbolsOf(lost)]);
    const missing = [missingShard(lost, null)];
    await expectRows(backend, random, SYMBOLS, []);
    const [copy, other] = site.cluster.copiesOf(lost);
    await copy!.kill();
    await expectRows(backend, random, SYMBOLS, []);
    await other!.kill();
    await expectRows(backend, random, left, missing);
    expect(await backend.marketData.find({ symbols: lostSymbols }, allowed())).toMatchObject({
      ...{ data: [], totalCount: null, hasMore: false, nextCursor: null },
      missing: [missingShard(lost, lostSymbols)],
    });
    const [symbol] = lostSymbols as [string];
    const none = await backend.marketData.columns({ symbol }, allowed());
    expect([none.rowCount, none.missing]).toEqual([0, [missingShard(lost, [symbol])]]);
    const found = await backend.marketData.find({ symbols: left }, allowed());
    expect([found.totalCount, found.missing]).toEqual([found.data.length, []]);
    await expect(backend.marketData.find({}, within())).rejects.toMatchObject({ retryable: true });
    await start(lost, backend);
    await expectRows(backend, random, SYMBOLS, []);
  }
});

it(`pages go on without a shard that was lost before (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const backend = site.connect();
  await store(backend);
  const lost = random.pick(SHARDS);
  const ordered = anyOrder(random);
  const params = { ...ordered, limit: 1 + random.below(40) };
  await kill(lost);
  const first = await backend.marketData.find(params, allowed());
  expect(first.missing).toEqual([missingShard(lost, null)]);
  await start(lost, backend);
  const rows = [...first.data];
  for (let cursor = first.nextCursor; cursor !== null;) {
    const refusal = { code: 'VALIDATION', field: 'cursor' };
    await expect(backend.marketData.find({ ...params, cursor }, within())).rejects.toMatchObject(refusal);
    const page = await backend.marketData.find({ ...params, cursor }, allowed());
    expect(page.missing).toEqual([{ shard: lost, values: null, reason: 'missing since an earlier page' }]);
    rows.push(...page.data);
    cursor = page.nextCursor;
  }
  const left = await symbolsOf(3 - lost);
  expect(rows).toEqual((await memory.marketData.find({ ...ordered, symbols: left })).data);
});

it(`answers are exact while shards are lost and come back (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const backend = site.connect();
  await store(backend);
  const symbols = new Map(
    await Promise.all(SHARDS.map(async (shard) => [shard, await symbolsOf(shard)] as const)),
  );
  const counts = new Map<string, number>();
  let isOver = false;
  const read = async () => {
    while (!isOver) {
      const ordered = anyOrder(random);
      const { data, missing } = await backend.marketData.find(ordered, allowed());
      const lost = missing.map(({ shard }) => shard);
      const left = SHARDS.filter((shard) => !lost.includes(shard)).flatMap((shard) => symbols.get(shard)!);
      expect(data).toEqual((await memory.marketData.find({ ...ordered, symbols: left })).data);
      counts.set(lost.join(), (counts.get(lost.join()) ?? 0) + 1);
      await delay(random.below(10));
    }
  };
  const readers = Promise.all([read(), read(), read()]);
  try {
    for (let kills = 0; kills < 2 * PLAN.shardKills; kills++) {
      const lost = random.pick(SHARDS);
      await delay(random.below(300));
      await kill(lost);
      await delay(1_000 + random.below(500));
      await start(lost, backend);
    }
  } finally {
    isOver = true;
  }
  await readers;
  console.log(`answers by the shards that they lack: ${JSON.stringify(Object.fromEntries(counts))}`);
  expect(counts.get('')).toBeGreaterThan(0);
  expect(counts.size).toBeGreaterThan(1);
});

it('symbol on two shards has no newest row without one', async () => {
  const backend = site.connect({ layout: [{ shards: 1 }, { from: '2024-02', shards: 2 }] });
  await store(backend);
  const [stayed, moved] = await Promise.all([symbolsOf(1), symbolsOf(2)]);
  await kill(2);
  const missing = [missingShard(2, moved)];
  const latest = await backend.marketData.latestMany(SYMBOLS, 5, allowed());
  expect(latest).toEqual({ data: await memory.marketData.latestMany(stayed, 5), missing });
  const { data } = await memory.marketData.find();
  const isLeft = ({ symbol, timestamp }: { symbol: string; timestamp: Date }) =>
    Number(timestamp) < FEBRUARY || stayed.includes(symbol);
  const page = await backend.marketData.find({ symbols: SYMBOLS }, allowed());
  expect([page.data, page.missing]).toEqual([data.filter(isLeft), missing]);
  const early = await backend.marketData.find({ endTime: FEBRUARY }, allowed());
  const { data: earlier, totalCount } = await memory.marketData.find({ endTime: FEBRUARY });
  expect([early.data, early.totalCount, early.missing]).toEqual([earlier, totalCount, []]);
  await start(2, backend);
  const complete = await backend.marketData.latestMany(SYMBOLS, 50, allowed());
  expect(complete).toEqual({ data: await memory.marketData.latestMany(SYMBOLS, 50), missing: [] });
  const sets = await backend.features.latestMany(SYMBOLS, allowed());
  expect(sets).toEqual({ data: await memory.features.latestMany(SYMBOLS), missing: [] });
});
