import type { EndpointStatus } from '@quantumtrade/dal-domain';
import { sleep } from '@quantumtrade/dal-runtime';
import { until } from '@quantumtrade/dal-testing';
import { FakeCluster } from '../../testing/fake-cluster.js';
import type { FakeAnswer } from '../../testing/fake-server.js';
import { refusal, rows, silence } from '../../testing/fake-server.js';

const cluster = new FakeCluster();
const PRIMARY = { role: 'primary' } as const;
const REPLICA = { role: 'replica' } as const;

afterEach(() => cluster.close());

it('single endpoint is neither probed nor ejected', async () => {
  await cluster.serve([PRIMARY]);
  await cluster.servers[0]!.stop();
  for (let i = 0; i < 5; i++) await expect(cluster.read()).rejects.toThrow('ECONNREFUSED');
  expect(cluster.stateOf(0)).toBe('healthy');
  await cluster.servers[0]!.restart();
  expect(await cluster.read()).toBe(0);
  expect(cluster.servers[0]!.queries).toHaveLength(1);
});

it('endpoints change while calls go on', async () => {
  await cluster.serve([PRIMARY, PRIMARY], { drainTimeoutMs: 30_000 });
  const slow: FakeAnswer = (response, request) =>
    void setTimeout(() => void rows({ n: 7 })(response, request), 100);
  await cluster.read();
  cluster.answer(slow);
  const running = cluster.client.sql('d').rows('test', 'SELECT n');
  await until(() => cluster.servers[0]!.queries.includes('SELECT n FORMAT Native'));
  cluster.client.updateEndpoints([{ url: cluster.servers[1]!.url }]);
  expect(cluster.client.endpoints()).toHaveLength(1);
  expect(await running).toEqual([{ n: 7 }]);
  await until(() => cluster.servers[0]!.sockets.size === 0);
  cluster.answer(rows({ n: 8 }));
  const before = cluster.servers[0]!.queries.length;
  expect(await cluster.read()).toBe(8);
  expect(cluster.servers[0]!.queries).toHaveLength(before);
  expect(() => cluster.client.updateEndpoints([])).toThrow(expect.objectContaining({ field: 'endpoints' }));
});

it('calls under way end while the client closes, and waiting ones fail', async () => {
  await cluster.serve([PRIMARY], { maxConnections: 1, drainTimeoutMs: 30_000 });
  cluster.answer((response, request) => void setTimeout(() => void rows({ n: 1 })(response, request), 100));
  const [running, waiting] = [cluster.read(), cluster.read()];
  const refused = expect(waiting).rejects.toMatchObject({ name: 'ConnectionError', retryable: false });
  await until(() => cluster.servers[0]!.queries.length === 1);
  const closed = cluster.client.close();
  await refused;
  expect(await running).toBe(1);
  await closed;
  expect(cluster.client.connectionCount()).toBe(0);
});

it('calls that go on for longer than the drain time fail', async () => {
  await cluster.serve([PRIMARY], { drainTimeoutMs: 50 });
  cluster.answer(silence);
  const failed = expect(cluster.read()).rejects.toMatchObject({ name: 'ConnectionError' });
  await until(() => cluster.servers[0]!.queries.length === 1);
  await cluster.client.close();
  await failed;
});

it('ping answers while one endpoint does', async () => {
  await cluster.serve([PRIMARY, REPLICA]);
  cluster.servers[0]!.hangs = true;
  await cluster.client.ping({ deadline: Date.now() + 30_000 });
  cluster.servers[1]!.hangs = true;
  await expect(cluster.client.ping({ deadline: Date.now() + 100 })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
});

it('status counts connections, waiting calls and time waited', async () => {
  await cluster.serve([PRIMARY], { maxConnections: 1 });
  cluster.answer((response, request) => void setTimeout(() => void rows({ n: 1 })(response, request), 50));
  const calls = [cluster.read(), cluster.read()];
  expect(cluster.client.endpoints()).toEqual([
    {
      name: new URL(cluster.servers[0]!.url).host,
      role: 'primary',
      shard: '1',
      state: 'healthy',
      inUse: 1,
      limit: 1,
      idle: 0,
      waiting: 1,
      waitedMs: 0,
      ejections: 0,
      latencyMs: null,
      lastError: null,
      orphanedQueries: 0,
      quarantined: 0,
      orphanSeconds: 0,
    },
  ]);
  await Promise.all(calls);
  const [status] = cluster.client.endpoints();
  expect(status).toMatchObject({ inUse: 0, idle: 1, waiting: 0, latencyMs: null });
  expect(status!.waitedMs).toBeGreaterThan(0);
});

it('call of high priority is served before others that wait', async () => {
  await cluster.serve([{}], { maxConnections: 1 });
  const served: string[] = [];
  const read = async (name: string, priority?: string) => {
    await cluster.read({ priority });
    served.push(name);
  };
  const calls = [read('first'), read('low', 'low'), read('normal'), read('high', 'high')];
  await Promise.all(calls);
  expect(served).toEqual(['first', 'high', 'normal', 'low']);
});

it.each([true, false])('limit falls while the server is overloaded: %p', async (adaptiveLimit) => {
  const retry = { maxAttempts: 1 };
  await cluster.serve([{}], { maxConnections: 4, maxQueuedCalls: 0, adaptiveLimit, retry });
  cluster.answer(refusal(202, 'TOO_MANY_SIMULTANEOUS_QUERIES'));
  for (let i = 0; i < 12; i++) await expect(cluster.read()).rejects.toMatchObject({ code: 'QUERY' });
  const [{ limit }] = cluster.client.endpoints() as [EndpointStatus];
  expect(limit).toBe(adaptiveLimit ? 1 : 4);
  cluster.answer(rows({ n: 0 }));
  const calls = await Promise.allSettled(Array.from({ length: 4 }, () => cluster.read()));
  const refused = calls.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(4 - limit);
  const error = { code: 'CONNECTION', retryable: true, message: expect.stringContaining('1 are served') };
  for (const each of refused) expect(each).toMatchObject({ reason: error });
});

it('slow consumer of a stream leaves the limit as it is', async () => {
  await cluster.serve([{}], { maxConnections: 4, adaptiveLimit: true });
  const consume = async (delayMs: number) => {
    for await (const block of cluster.client.sql('d').blocks('test', 'SELECT n')) {
      expect(block.rowCount).toBe(1);
      await sleep(delayMs);
    }
  };
  for (let i = 0; i < 30; i++) {
    const delayMs = i < 15 ? 0 : 30;
    await Promise.all([consume(delayMs), consume(delayMs), consume(delayMs), consume(delayMs)]);
  }
  expect(cluster.client.endpoints()[0]!.limit).toBe(4);
});

it('status has the latency of each of several servers', async () => {
  await cluster.serve([{}, {}]);
  const served = new Set<number>();
  while (served.size < 2) served.add(await cluster.read());
  for (const { latencyMs } of cluster.client.endpoints()) expect(latencyMs).toBeGreaterThanOrEqual(0);
});
