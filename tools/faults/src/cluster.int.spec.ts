import { setTimeout as delay } from 'node:timers/promises';
import type { Durability } from '@quantumtrade/dal';
import type { DatabaseError, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import type { ClickHouseNode } from '@quantumtrade/dal-test-servers/cluster';
import { Random, until } from '@quantumtrade/dal-testing';
import { ClusterSite } from './cluster/cluster-site.js';
import { inspectCluster, NO_CLUSTER_FINDINGS, shardExpression } from './cluster/inspect-cluster.js';
import { KnownRowReader } from './cluster/known-row-reader.js';
import { PLAN, SEED } from './plan.js';
import { CheckedWriter, PATIENT_MS } from './writing/checked-writer.js';
import { RETRY } from './writing/killable-server.js';
import { numberedBar, numberedBatch } from './writing/numbered-bars.js';

const KNOWN_ROWS = 200;
const CALLERS = 3;
/** Time in which a read without its shard must fail. */
const IMPATIENT_MS = 5_000;

let site: ClusterSite;
beforeAll(async () => {
  site = await ClusterSite.start();
});
beforeEach(() => site.renew());
afterAll(() => site.stop());

/** Stores the first rows. */
async function storeKnownRows(
  backend: TimeSeriesBackend,
  isStored = (_n: number) => true,
): Promise<Set<number>> {
  const numbers = Array.from({ length: KNOWN_ROWS }, (_, n) => n).filter(isStored);
  const result = await backend.marketData.insert(numberedBatch(numbers));
  expect(result).toMatchObject({ insertedCount: numbers.length, failedCount: 0 });
  return new Set(numbers);
}

const symbolsOf = async (shard: number): Promise<string[]> => {
  const symbols = Array.from({ length: 7 }, (_, n) => numberedBar(n).symbol);
  const list = symbols.map((symbol) => `'${symbol}'`).join();
  const sql = `SELECT symbol FROM (SELECT arrayJoin([${list}]) AS symbol, toDateTime(0) AS timestamp) WHERE ${shardExpression()} = ${shard}`;
  return (await site.cluster.nodes.find(({ isRunning }) => isRunning)!.query(sql)).trim().split('\n');
};

/** Resolves when a reader uses all servers: one that fails while its copy is still out of use would be a lost shard. */
const allInUse = ({ probe }: TimeSeriesBackend) =>
  until(() => probe.endpoints!().every(({ state }) => state === 'healthy'));

it.each<Durability>(['acknowledged', 'journaled'])(
  `killed copies fail no read and lose no %s row (QT_SEED=${SEED})`,
  async (durability) => {
    const random = new Random(SEED);
    const known = await storeKnownRows(site.connect());
    const writer = await site.open(durability).batchWriter({ retry: RETRY });
    // A journaled row is acknowledged before it is stored.
    const onAcknowledged = (numbers: readonly number[]) =>
      durability === 'acknowledged' && numbers.forEach((n) => known.add(n));
    const feed = new CheckedWriter(writer, random, { first: KNOWN_ROWS, callers: CALLERS, onAcknowledged });
    const reading = site.connect();
    const reader = new KnownRowReader(reading, new Random(SEED), known);
    let isOver = false;
    const load = Promise.all([feed.run(() => isOver), reader.run(() => isOver)]);
    try {
      for (let kills = 0; kills < PLAN.copyKills; kills++) {
        await delay(random.below(500));
        const node = random.pick(site.cluster.nodes);
        await node.kill();
        await delay(random.below(500));
        await node.start();
        await allInUse(reading);
      }
    } finally {
      isOver = true;
    }
    await load;
    await writer.close({ deadline: Date.now() + PATIENT_MS });

    const { storedCount, ...findings } = await inspectCluster(
      site,
      new Set([...known, ...feed.acknowledged]),
    );
    console.log(
      `${durability}: ${PLAN.copyKills} kills, ${reader.readCount} reads; rows: ${feed.writtenCount} written, ${feed.acknowledged.size} acknowledged, ${storedCount} stored; rejected: ${JSON.stringify(feed.rejected)}`,
    );
    expect(reader.failures).toEqual([]);
    expect(findings).toEqual(NO_CLUSTER_FINDINGS);
    expect(Object.keys(feed.rejected).filter((code) => code !== 'TIMEOUT')).toEqual([]);
    expect(feed.acknowledged.size).toBeGreaterThan(0);
  },
);

/** Reads of all shards. */
const WHOLE_READS: Readonly<Record<string, (backend: TimeSeriesBackend) => Promise<unknown>>> = {
  find: ({ marketData }) => marketData.find({}, within()),
  stream: ({ marketData }) => readAll(marketData.stream({}, within())),
  columns: ({ marketData }) => marketData.columns({}, within()),
  latestMany: ({ marketData }) => marketData.latestMany(['S0', 'S1'], 1, within()),
};
async function readAll(batches: AsyncIterable<readonly unknown[]>): Promise<number> {
  let rows = 0;
  for await (const batch of batches) rows += batch.length;
  return rows;
}
const within = () => ({ deadline: Date.now() + IMPATIENT_MS });

const errorOf = (call: Promise<unknown>): Promise<DatabaseError> =>
  call.then(
    () => {
      throw new Error('the call has succeeded');
    },
    (error: DatabaseError) => error,
  );

/** Expects every read of all shards to fail with an error that names servers of the lost one, and in front of them what is given. */
async function expectNoAnswers(
  backend: TimeSeriesBackend,
  names: readonly (string | number)[],
  before = '',
): Promise<void> {
  const named = expect.stringMatching(new RegExp(`${before}:(${names.join('|')})\\b`));
  for (const [name, read] of Object.entries(WHOLE_READS)) {
    const { code, retryable, message } = await errorOf(read(backend));
    expect({ name, code, retryable, message }).toEqual({
      ...{ name, code: 'CONNECTION', retryable: true, message: named },
    });
  }
}
const portsOf = (shard: number) =>
  site.cluster.copiesOf(shard).flatMap(({ tcpPort, url }) => [tcpPort, new URL(url).port]);

it(`reads without a whole shard fail or are complete (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const backend = site.connect();
  const known = await storeKnownRows(backend);
  for (let kills = 0; kills < PLAN.shardKills; kills++) {
    const lost = 1 + random.below(2);
    await Promise.all(site.cluster.copiesOf(lost).map((node) => node.kill()));
    for (const symbol of await symbolsOf(3 - lost)) {
      const { totalCount } = await backend.marketData.find({ symbol }, within());
      expect(totalCount).toBe([...known].filter((n) => numberedBar(n).symbol === symbol).length);
    }
    for (const symbol of await symbolsOf(lost)) {
      const error = await errorOf(backend.marketData.find({ symbol }, within()));
      expect([error.code, error.message]).toEqual(['CONNECTION', expect.stringContaining(`shard ${lost}`)]);
    }
    await expectNoAnswers(backend, portsOf(lost), `shard ${lost}\\b.*`);
    await Promise.all(site.cluster.copiesOf(lost).map((node) => node.start()));
  }
  expect((await backend.marketData.find({}, within())).totalCount).toBe(KNOWN_ROWS);
});

it('reads leave a copy without its database, and name it', async () => {
  const backend = site.connect({ failover: { ejectionMs: 60_000, probeTimeoutMs: 1_000 } });
  const known = await storeKnownRows(backend);
  const [first, second] = site.cluster.copiesOf(1);
  const drop = async (node: ClickHouseNode) => {
    for (const name of [site.database, `${site.database}_distributed`])
      await node.query(`DROP DATABASE ${name} SYNC`);
  };
  await drop(first!);
  const reader = new KnownRowReader(backend, new Random(SEED), known);
  let isOver = false;
  const load = reader.run(() => isOver);
  for (let times = 0; times < 10; times++)
    for (const [name, read] of Object.entries(WHOLE_READS))
      await read(backend).catch((error: unknown) => reader.failures.push([name, error]));
  isOver = true;
  await load;
  expect(reader.failures).toEqual([]);
  const host = new URL(first!.url).host;
  expect(backend.probe.endpoints!().filter(({ state }) => state !== 'healthy')).toEqual([
    expect.objectContaining({ name: host, lastError: 'UNKNOWN_DATABASE (81)' }),
  ]);

  await drop(second!);
  for (const symbol of await symbolsOf(1))
    expect(await errorOf(backend.marketData.find({ symbol }, within()))).toMatchObject({
      ...{ code: 'QUERY', retryable: false, message: expect.stringContaining(site.database) },
    });
  for (const symbol of await symbolsOf(2))
    expect((await backend.marketData.find({ symbol }, within())).totalCount).toBeGreaterThan(0);
  for (const read of Object.values(WHOLE_READS))
    expect(await errorOf(read(backend))).toMatchObject({
      ...{ code: 'QUERY', message: expect.stringContaining(site.database) },
    });
});

it('profile that skips lost shards makes no partial answer', async () => {
  const { proxies, urlOf } = await site.startProxies();
  for (const proxy of proxies) proxy.profile = 'skip_unavailable_shards=1';
  const backend = site.connect({ urlOf });
  await storeKnownRows(backend);
  for (const read of Object.values(WHOLE_READS)) await read(backend);
  const lost = site.cluster.copiesOf(2);
  await Promise.all(lost.map((node) => node.kill()));
  await expectNoAnswers(backend, [...portsOf(2), ...lost.map((node) => new URL(urlOf(node)).port)]);
});

it('profile that divides reads among copies changes no answer', async () => {
  const { proxies, urlOf } = await site.startProxies();
  const backend = site.connect({ urlOf });
  await storeKnownRows(backend);
  const rows = async () => (await backend.marketData.find({ order: 'time', limit: 50 }, within())).data;
  const expected = await rows();
  const part = 'parallel_replicas_mode=custom_key_sampling&parallel_replicas_custom_key=cityHash64(symbol)';
  const profile = `max_parallel_replicas=2&enable_parallel_replicas=1&parallel_replicas_for_non_replicated_merge_tree=1&${part}`;
  for (const proxy of proxies) proxy.profile = profile;
  for (let times = 0; times < 3; times++) expect(await rows()).toEqual(expected);
});

it('snapshot needs one copy of each shard', async () => {
  const known = await storeKnownRows(site.connect());
  for (const copy of [0, 1]) {
    const down = [1, 2].map((shard) => site.cluster.copiesOf(shard)[copy]!);
    await Promise.all(down.map((node) => node.kill()));
    const snapshot = await site.connect().backups.snapshot();
    const content = await snapshot.content('market_data');
    expect(content.reduce((sum, { rows }) => sum + rows, 0)).toBe(known.size);
    await snapshot.release();
    await Promise.all(down.map((node) => node.start()));
  }
});

it('snapshot drops abandoned drills on every copy', async () => {
  const drill = `qtdal_drill_${Math.floor(Date.now() / 1_000) - 90_000}_0123456789ab`;
  for (const name of [drill, `${drill}_distributed`]) await site.cluster.query(`CREATE DATABASE ${name}`);
  await (await site.connect().backups.snapshot()).release();
  const left = "SELECT count() FROM system.databases WHERE startsWith(name, 'qtdal_')";
  expect(await site.cluster.query(left)).toEqual(Array(4).fill('0\n'));
});

it('replay that a copy missed is finished by the next one', async () => {
  const backend = site.connect({ retry: { maxAttempts: 1 } });
  const version = await backend.schema.version();
  const target = await backend.backups.createTarget(`${site.database}_side`, version);
  const collector = backend.blocks.collect('marketData');
  collector.append(numberedBatch(Array.from({ length: KNOWN_ROWS }, (_, n) => n)));
  const blocks = collector.finish();
  const [, missed] = site.cluster.copiesOf(2);
  await missed!.kill();
  expect((await errorOf(target.replay('market_data', blocks))).code).toBe('CONNECTION');
  await missed!.start();
  await allInUse(backend);
  const error = await errorOf(target.content('market_data'));
  expect(error.message).toContain('have other rows of market_data');
  await target.replay('market_data', blocks);
  const content = await target.content('market_data');
  expect(content.reduce((sum, { rows }) => sum + rows, 0)).toBe(KNOWN_ROWS);
});

it(`shard added under load loses and doubles no row (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const MONTH = '2024-02';
  const grown = [...ClusterSite.layout, { from: MONTH, shards: 3 }];
  const isEarlier = (n: number) => n % 3 !== 0;
  const known = await storeKnownRows(site.connect(), isEarlier);
  const { proxies, urlOf } = await site.startProxies();
  const old = await site.open('journaled', { urlOf }).batchWriter({ retry: RETRY });
  const before = new CheckedWriter(old, random, {
    first: KNOWN_ROWS,
    callers: 1,
    isWritten: isEarlier,
  });
  const reading = site.connect();
  const reader = new KnownRowReader(reading, new Random(SEED), known);
  let isOver = false;
  const load = Promise.all([before.run(() => isOver), reader.run(() => isOver)]);
  try {
    await site.cluster.startShard();
    await site.migrate();
    await site.cluster.updateNodes(() => allInUse(reading));
  } finally {
    isOver = true;
  }
  await load;
  expect(reader.failures).toEqual([]);

  // Blocks of the new month that were encoded for two shards, and that no server has, are delivered to three.
  for (const proxy of proxies) proxy.isOutage = true;
  const late = new CheckedWriter(old, random, { first: before.next });
  for (let batches = 0; batches < 10; batches++) await late.write();
  await old.close({ deadline: 0 }).catch(() => undefined);

  const writer = await site.open('journaled', { layout: grown }).batchWriter({ retry: RETRY });
  const after = new CheckedWriter(writer, random, { first: late.next });
  for (let batches = 0; batches < 10; batches++) await after.write();
  await writer.close({ deadline: Date.now() + PATIENT_MS });
  for (const { acknowledged } of [before, late, after]) for (const n of acknowledged) known.add(n);

  const { storedCount, ...findings } = await inspectCluster(site, known, shardExpression(MONTH));
  console.log(`${reader.readCount} reads; rows: ${known.size} acknowledged, ${storedCount} stored`);
  expect(findings).toEqual(NO_CLUSTER_FINDINGS);
  for (const node of site.cluster.copiesOf(3)) {
    const earlier = `SELECT count() > 0, countIf(timestamp < '${MONTH}-01') FROM market_data`;
    expect(await node.query(earlier, site.database)).toBe('1\t0\n');
  }
  const { totalCount } = await site.connect({ layout: grown }).marketData.find({ limit: 1 });
  expect(totalCount).toBe(storedCount);
});
