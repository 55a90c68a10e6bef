import { sleep } from '@quantumtrade/dal-runtime';
import { until } from '@quantumtrade/dal-testing';
import { FakeCluster } from '../../testing/fake-cluster.js';
import type { FakeAnswer } from '../../testing/fake-server.js';
import { counted, hangUp, rows, silence } from '../../testing/fake-server.js';

const cluster = new FakeCluster();
const PRIMARY = { role: 'primary' } as const;
/** Endpoints that answer late are not ejected. */
const NO_PROBES = { failover: { probeIntervalMs: 60_000 } };
const HEDGED = { ...NO_PROBES, hedge: { afterMs: 10 } };

afterEach(() => cluster.close());

const slow =
  (delayMs: number, answer: FakeAnswer): FakeAnswer =>
  (response, request) =>
    void setTimeout(() => void answer(response, request), delayMs);

const readsOf = (server: number) =>
  cluster.servers[server]!.queries.filter((query) => query.startsWith('SELECT n'));

it('slow read is answered by another endpoint, and its query is killed', async () => {
  await cluster.serve([PRIMARY, PRIMARY], HEDGED);
  cluster.servers[0]!.answer(silence);
  while (readsOf(0).length === 0) expect(await cluster.read()).toBe(1);
  await until(() => cluster.servers[0]!.kills > 0);
  expect(cluster.stateOf(0)).toBe('healthy');
});

it('first answer counts when the second query is slower', async () => {
  await cluster.serve([PRIMARY, PRIMARY], HEDGED);
  for (const [n, server] of cluster.servers.entries()) server.answer(slow(30, rows({ n })));
  const number = await cluster.read();
  await until(() => readsOf(0).length + readsOf(1).length === 2);
  expect(readsOf(number)).toHaveLength(1);
});

it('slow endpoint gets fewer reads', async () => {
  await cluster.serve([PRIMARY, PRIMARY], HEDGED);
  cluster.servers[0]!.answer(silence);
  for (let i = 0; i < 30; i++) await cluster.read();
  expect(readsOf(0).length).toBeLessThan(25);
});

it('read goes on when its second query fails', async () => {
  await cluster.serve([PRIMARY, PRIMARY], HEDGED);
  cluster.servers[0]!.answer(slow(60, rows({ n: 0 })));
  cluster.servers[1]!.answer(slow(30, hangUp));
  for (let i = 0; i < 5; i++) expect(await cluster.read()).toBe(0);
});

it('abort ends both queries', async () => {
  await cluster.serve([PRIMARY, PRIMARY], HEDGED);
  cluster.answer(silence);
  const controller = new AbortController();
  const reading = cluster.read({ signal: controller.signal });
  await until(() => readsOf(0).length + readsOf(1).length === 2);
  controller.abort('left');
  await expect(reading).rejects.toBe('left');
  await until(() => cluster.servers.every(({ kills }) => kills > 0));
});

it('second queries stay within the retry budget', async () => {
  await cluster.serve([PRIMARY, PRIMARY], { ...HEDGED, maxConnections: 50 });
  cluster.answer(slow(300, rows({ n: 0 })));
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 40 }, () => cluster.read()));
  }
  const hedged = readsOf(0).length + readsOf(1).length - 200;
  // A reserve of as many as there are connections, and a tenth of the reads.
  expect(hedged).toBeLessThanOrEqual(50 + 20);
  expect(hedged).toBeGreaterThan(50);
});

it.each([
  ['percentile is known', 30, true],
  ['too few reads are known', 5, false],
])('read is hedged by the percentile once the %s', async (_case, known, isHedged) => {
  await cluster.serve([PRIMARY, PRIMARY], { ...NO_PROBES, hedge: { percentile: 95 } });
  for (let i = 0; i < known; i++) await cluster.read();
  for (const [n, server] of cluster.servers.entries()) server.answer(slow(300, rows({ n })));
  const before = readsOf(0).length + readsOf(1).length;
  await cluster.read();
  expect(readsOf(0).length + readsOf(1).length - before).toBe(isHedged ? 2 : 1);
});

it('neither inserts nor lookups of the adapter are hedged', async () => {
  await cluster.serve([PRIMARY, PRIMARY], HEDGED);
  cluster.answer(slow(50, counted(1)));
  await cluster.insert();
  cluster.answer(slow(50, rows({ n: 1 })));
  await cluster.client.sql('d').rows('test', 'SELECT n');
  expect(cluster.servers[1]!.queries).toEqual([]);
});

it('read at a single endpoint, or by default, is not hedged', async () => {
  await cluster.serve([PRIMARY], HEDGED);
  cluster.answer(slow(50, rows({ n: 0 })));
  await cluster.read();
  await cluster.read();
  expect(readsOf(0)).toHaveLength(2);
  await cluster.close();
  await cluster.serve([PRIMARY, PRIMARY], NO_PROBES);
  cluster.answer(slow(50, rows({ n: 0 })));
  await cluster.read();
  await sleep(20);
  expect(readsOf(0).length + readsOf(1).length).toBe(1);
});
