import { until } from '@quantumtrade/dal-testing';
import { FakeCluster } from '../../testing/fake-cluster.js';
import type { FakeAnswer } from '../../testing/fake-server.js';
import { counted, hangUp, nativeBlock, page, refusal, rows, textOf } from '../../testing/fake-server.js';

const cluster = new FakeCluster();
const PRIMARY = { role: 'primary' } as const;
const REPLICA = { role: 'replica' } as const;
const BACKUP = { role: 'backup' } as const;
const OVERLOADED = refusal(202, 'TOO_MANY_SIMULTANEOUS_QUERIES');

afterEach(() => cluster.close());

const readMany = async (count: number, options?: object) => {
  const numbers: number[] = [];
  for (let i = 0; i < count; i++) numbers.push(await cluster.read(options));
  return new Set(numbers);
};

it('reads use primaries and replicas, and no backup', async () => {
  await cluster.serve([PRIMARY, REPLICA, BACKUP]);
  const numbers = await Promise.all(Array.from({ length: 40 }, () => cluster.read()));
  expect(new Set(numbers)).toEqual(new Set([0, 1]));
  expect(cluster.servers[2]!.queries).toEqual([]);
});

it('writes, commands and lookups go to the first primary', async () => {
  await cluster.serve([REPLICA, PRIMARY, PRIMARY]);
  const sql = cluster.client.sql('d');
  for (let i = 0; i < 5; i++) expect(await sql.rows('test', 'SELECT n')).toEqual([{ n: 1 }]);
  cluster.answer(counted(1));
  await cluster.insert();
  await sql.command('test', 'OPTIMIZE TABLE t');
  expect([cluster.servers[0]!.queries, cluster.servers[2]!.queries]).toEqual([[], []]);
});

it.each([
  ['breaks the connection', hangUp],
  ['is overloaded', OVERLOADED],
  ['stands behind a broken gateway', page(502)],
])('read succeeds elsewhere at once when an endpoint %s', async (_case, answer) => {
  // A delay before the second attempt would outlast the deadline.
  await cluster.serve([PRIMARY, PRIMARY], { retry: { initialDelayMs: 60_000, maxDelayMs: 60_000 } });
  cluster.servers[0]!.answer(answer);
  expect(await readMany(20, { deadline: Date.now() + 30_000 })).toEqual(new Set([1]));
});

it('insert fails over with the same bytes and token', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  const sent: unknown[] = [];
  const noting =
    (answer: FakeAnswer): FakeAnswer =>
    async (response, request) => {
      const token = new URL(request.url!, 'http://fake').searchParams.get('insert_deduplication_token');
      if (token !== null) sent.push([token, await textOf(request)]);
      answer(response, request);
    };
  cluster.servers[0]!.answer(noting(hangUp));
  cluster.servers[1]!.answer(noting(counted(1)));
  expect(await cluster.insert()).toMatchObject({ attempts: 2, confirmed: true });
  expect(sent).toEqual([
    ['once', 'bytes'],
    ['once', 'bytes'],
  ]);
});

it('insert fails over within its shard only', async () => {
  await cluster.serve([PRIMARY, { shard: '2' }, BACKUP], { failover: { failuresToEject: 2 } });
  cluster.answer(counted(1));
  cluster.servers[0]!.answer(hangUp);
  await cluster.insert();
  expect(cluster.servers.slice(1).map(({ queries }) => queries.length)).toEqual([0, 1]);
});

it('command is not repeated at another endpoint', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  cluster.servers[0]!.answer(hangUp);
  await expect(cluster.client.sql('d').command('test', 'DROP TABLE t')).rejects.toThrow(
    /the connection broke \(\w+\) at 127.0.0.1:\d+/,
  );
  expect(cluster.servers[1]!.queries).toEqual([]);
});

it('command goes to another primary when the connection is refused', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  await cluster.servers[0]!.stop();
  await cluster.client.sql('d').command('test', 'OPTIMIZE TABLE t');
  expect(cluster.servers[1]!.queries).toEqual(['OPTIMIZE TABLE t']);
});

it('read leaves a server whose copy of the data is damaged', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  cluster.servers[0]!.answer(refusal(40, 'CHECKSUM_DOESNT_MATCH'));
  expect(await readMany(20)).toEqual(new Set([1]));
});

it('insert stays where the error is that of any server', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  cluster.servers[0]!.answer(refusal(201, 'QUOTA_EXCEEDED'));
  const block = { table: 't', token: 'once', bytes: Buffer.from('bytes'), rowCount: 1, retried: false };
  await expect(cluster.client.sql('d').insert('test', block)).rejects.toMatchObject({ code: 'QUERY' });
  expect(cluster.servers[1]!.queries).toEqual([]);
});

it('refusing endpoint is ejected, and used again once it answers', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  await cluster.servers[0]!.stop();
  expect(await readMany(20)).toEqual(new Set([1]));
  await until(async () => (await cluster.read()) === 1 && cluster.stateOf(0) !== 'healthy');
  expect(cluster.client.endpoints()[0]).toMatchObject({ ejections: 1, lastError: 'ECONNREFUSED' });
  await cluster.servers[0]!.restart();
  await until(async () => (await cluster.read()) === 0);
  expect(cluster.stateOf(0)).toBe('healthy');
});

it('reads leave an endpoint that hangs', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  await readMany(5);
  cluster.servers[0]!.hangs = true;
  const deadline = Date.now() + 30_000;
  // None of the first reads may go there: its latest latency counts.
  await until(async () => {
    const numbers = await Promise.all(Array.from({ length: 10 }, () => cluster.read({ deadline })));
    expect(new Set(numbers)).toEqual(new Set([1]));
    return cluster.stateOf(0) !== 'healthy';
  });
  expect(cluster.client.endpoints()[0]).toMatchObject({ lastError: 'TIMEOUT' });
  cluster.servers[0]!.hangs = false;
  await until(() => cluster.stateOf(0) === 'healthy');
});

it('reads that wait for a connection leave an endpoint that hangs', async () => {
  await cluster.serve([PRIMARY, PRIMARY], { maxConnections: 1, retry: { maxAttempts: 2 } });
  cluster.servers[0]!.hangs = true;
  const deadline = Date.now() + 30_000;
  const numbers = await Promise.all(Array.from({ length: 30 }, () => cluster.read({ deadline })));
  expect(new Set(numbers)).toEqual(new Set([1]));
});

it('inserts leave an endpoint that hangs', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  cluster.servers[0]!.hangs = true;
  cluster.servers[1]!.answer(counted(1));
  expect(await cluster.insert({ deadline: Date.now() + 30_000 })).toMatchObject({
    attempts: 2,
    confirmed: true,
  });
});

it('read whose answer stalls goes on elsewhere', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  cluster.servers[0]!.answer((response) => {
    response.write(nativeBlock({ n: 9 }));
    cluster.servers[0]!.hangs = true;
  });
  const numbers = await Promise.all(
    Array.from({ length: 4 }, () => cluster.read({ deadline: Date.now() + 30_000 })),
  );
  expect(new Set(numbers)).toEqual(new Set([1]));
});

it('slow query is probed and not left', async () => {
  await cluster.serve([PRIMARY, PRIMARY], { failover: { probeIntervalMs: 20, probeTimeoutMs: 5_000 } });
  const slow: FakeAnswer = (response, request) =>
    void setTimeout(() => void rows({ n: 5 })(response, request), 300);
  cluster.answer(slow);
  expect(await cluster.read()).toBe(5);
  const queries = cluster.servers.flatMap((server) => server.queries);
  expect(queries.filter((query) => query.startsWith('SELECT n'))).toHaveLength(1);
});

it('backup is used while no primary is left', async () => {
  await cluster.serve([PRIMARY, BACKUP]);
  cluster.answer(counted(1));
  await cluster.servers[0]!.stop();
  await until(async () => {
    await cluster.insert().catch(() => undefined);
    return cluster.servers[1]!.queries.length > 0;
  });
  await cluster.servers[0]!.restart();
  await until(() => cluster.stateOf(0) === 'healthy');
  const before = cluster.servers[1]!.queries.length;
  await cluster.insert();
  expect(cluster.servers[1]!.queries).toHaveLength(before);
});

it('calls fail at once when no endpoint is left', async () => {
  await cluster.serve([PRIMARY, REPLICA]);
  for (const server of cluster.servers) server.hangs = true;
  const deadline = Date.now() + 60_000;
  await expect(cluster.read({ deadline })).rejects.toMatchObject({
    name: 'ConnectionError',
    retryable: true,
  });
  const error: unknown = await cluster.insert({ deadline }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    name: 'ConnectionError',
    retryable: true,
    message: expect.stringMatching(/no primary can be used now: 127.0.0.1:\d+ \(TIMEOUT\), 127/),
  });
  for (const server of cluster.servers) server.hangs = false;
  await until(() => [0, 1].every((number) => cluster.stateOf(number) === 'healthy'));
});

it('attempts stay within the retry budget when all endpoints fail', async () => {
  await cluster.serve([PRIMARY, PRIMARY], { failover: { failuresToEject: 1_000_000 } });
  cluster.answer(OVERLOADED);
  const calls = 200;
  for (let i = 0; i < calls; i += 20) {
    await Promise.allSettled(Array.from({ length: 20 }, () => cluster.read()));
  }
  const reads = cluster.servers
    .flatMap((server) => server.queries)
    .filter((query) => query.startsWith('SELECT n'));
  expect(reads.length).toBeLessThanOrEqual(1.1 * calls + 20);
  expect(reads.length).toBeGreaterThan(calls);
});

it('calls that leave a broken connection need no retry budget', async () => {
  await cluster.serve([PRIMARY, PRIMARY], {
    failover: { failuresToEject: 1_000_000, probeIntervalMs: 60_000 },
  });
  cluster.servers[0]!.answer(hangUp);
  for (let i = 0; i < 15; i++) {
    const numbers = await Promise.all(Array.from({ length: 20 }, () => cluster.read()));
    expect(new Set(numbers)).toEqual(new Set([1]));
  }
  expect(cluster.servers[0]!.queries.length).toBeGreaterThan(60);
});

it('call waits for the probe of an endpoint that is back', async () => {
  await cluster.serve([PRIMARY, PRIMARY], { failover: { probeIntervalMs: 400, probeTimeoutMs: 100 } });
  await Promise.all(cluster.servers.map((server) => server.stop()));
  await until(async () => {
    await cluster.read().catch(() => undefined);
    return [0, 1].every((number) => cluster.stateOf(number) === 'probation');
  });
  await cluster.servers[0]!.restart();
  expect(await cluster.read()).toBe(0);
});

/** Has the first of two primaries ejected for failing more reads than the other, for longer than the test. */
async function ejectOutlier(): Promise<void> {
  const failover = { probeIntervalMs: 20, probeTimeoutMs: 200, sweepIntervalMs: 100, ejectionMs: 600_000 };
  await cluster.serve([PRIMARY, PRIMARY], { failover: { ...failover, maxEjectionMs: 600_000 } });
  cluster.servers[0]!.answer(OVERLOADED);
  await until(async () => {
    await Promise.allSettled(Array.from({ length: 20 }, () => cluster.read()));
    return cluster.stateOf(0) === 'ejected';
  });
}

it('insert is tried at an outlier before it fails', async () => {
  await ejectOutlier();
  cluster.servers[0]!.answer(counted(1));
  cluster.servers[1]!.answer(hangUp);
  expect(await cluster.insert()).toMatchObject({ attempts: 2, confirmed: true });
  expect(cluster.stateOf(0)).toBe('ejected');
});

it('insert leaves an outlier that hangs', async () => {
  await ejectOutlier();
  cluster.servers[0]!.hangs = true;
  cluster.servers[1]!.answer(hangUp);
  await expect(cluster.insert({ deadline: Date.now() + 60_000 })).rejects.toMatchObject({
    name: 'ConnectionError',
  });
});

it('insert waits for the probe of an ejected endpoint before it fails', async () => {
  const ejection = { ejectionMs: 600_000, maxEjectionMs: 600_000 };
  const failover = { probeIntervalMs: 20, ...ejection };
  // Fewer attempts than eject the other one.
  await cluster.serve([PRIMARY, PRIMARY], { failover, retry: { maxAttempts: 2, initialDelayMs: 1 } });
  const [first, second] = cluster.servers;
  for (const state of ['probation', 'ejected']) {
    await first!.stop();
    await until(async () => (await cluster.read()) === 1 && cluster.stateOf(0) === state);
    await first!.restart();
    if (state === 'probation') await until(() => cluster.stateOf(0) === 'healthy');
  }
  first!.answer(counted(1));
  second!.answer(hangUp);
  expect(await cluster.insert()).toMatchObject({ confirmed: true });
});
