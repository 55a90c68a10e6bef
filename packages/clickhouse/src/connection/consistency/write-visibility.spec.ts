import { toWriteToken } from '@quantumtrade/dal-domain';
import { until } from '@quantumtrade/dal-testing';
import { FakeCluster } from '../../testing/fake-cluster.js';
import type { FakeAnswer } from '../../testing/fake-server.js';
import { counted, hangUp, refusal, rows, silence } from '../../testing/fake-server.js';

const cluster = new FakeCluster();
const PRIMARY = { role: 'primary' } as const;
const REPLICA = { role: 'replica' } as const;
const BACKUP = { role: 'backup' } as const;

afterEach(() => cluster.close());

const nameOf = (number: number) => new URL(cluster.servers[number]!.url).host;
let ids = 0;
const tokenOf = (number: number, shard = '1') =>
  toWriteToken([{ endpoint: nameOf(number), shard, record: 'marketData', id: `block ${ids++}` }])!;
const isSync = (query: string) => query.startsWith('SYSTEM SYNC REPLICA');
const syncsAt = (number: number) => cluster.servers[number]!.queries.filter(isSync).length;
const readsAt = (number: number) =>
  cluster.servers[number]!.queries.filter((query) => query.startsWith('SELECT n')).length;

/** Has a server answer syncs in this way, and reads with its number. */
function syncBy(number: number, sync: FakeAnswer): void {
  const server = cluster.servers[number]!;
  server.answer((response, request) => {
    const answer = isSync(server.queries.at(-1)!) ? sync : rows({ n: number });
    return answer(response, request);
  });
}
/** Has one of two servers answer syncs in this way, and stops the other one. Returns the token of a write that the stopped one acknowledged. */
async function stopWriter(sync: FakeAnswer, settings?: Parameters<FakeCluster['serve']>[1]): Promise<string> {
  await cluster.serve([PRIMARY, PRIMARY], settings);
  syncBy(1, sync);
  const token = tokenOf(0);
  await cluster.servers[0]!.stop();
  return token;
}
const after =
  (delayMs: number, answer: FakeAnswer): FakeAnswer =>
  (response, request) =>
    void setTimeout(() => void answer(response, request), delayMs);
const synced: FakeAnswer = (response) => void response.end();
const notReplicated = refusal(36, 'BAD_ARGUMENTS');

it('read goes to the server that acknowledged the write, and asks nothing', async () => {
  await cluster.serve([PRIMARY, PRIMARY, REPLICA]);
  const readAfter = tokenOf(1);
  const numbers = await Promise.all(Array.from({ length: 50 }, () => cluster.read({ readAfter })));
  expect(new Set(numbers)).toEqual(new Set([1]));
  expect([0, 1, 2].map(syncsAt)).toEqual([0, 0, 0]);
});

it('insert names the server that acknowledged it', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  cluster.servers[0]!.answer(hangUp);
  cluster.servers[1]!.answer(counted(1));
  expect((await cluster.insert()).server).toMatchObject({ name: nameOf(1), shard: '1' });
});

it('read waits for a server that is behind', async () => {
  const readAfter = await stopWriter(after(150, synced));
  const startedAt = Date.now();
  expect(await cluster.read({ readAfter, deadline: Date.now() + 30_000 })).toBe(1);
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(140);
  expect(syncsAt(1)).toBe(1);
  expect(await cluster.read({ readAfter })).toBe(1);
  expect(syncsAt(1)).toBe(1);
  expect(await cluster.read({ readAfter: [readAfter, tokenOf(0)] })).toBe(1);
  expect(syncsAt(1)).toBe(2);
});

it('read fails by its deadline when no server catches up', async () => {
  const readAfter = await stopWriter(refusal(159, 'TIMEOUT_EXCEEDED'), {
    failover: { probeIntervalMs: 60_000 },
  });
  await expect(cluster.read({ readAfter, deadline: Date.now() + 1_000 })).rejects.toMatchObject({
    name: 'TimeoutError',
    retryable: true,
    message: expect.stringMatching(
      new RegExp(`; the write acknowledged by ${nameOf(0)} \\(marketData\\) is not at ${nameOf(1)} yet$`),
    ),
  });
  expect(readsAt(1)).toBe(0);
  expect(syncsAt(1)).toBeGreaterThan(1);
});

it('read waits no longer for its writes than it says', async () => {
  const readAfter = await stopWriter(silence, { failover: { probeIntervalMs: 60_000 } });
  const read = cluster.read({ readAfter, readAfterTimeoutMs: 100, deadline: Date.now() + 3_600_000 });
  await expect(read).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(readsAt(1)).toBe(0);
});

it('read fails by its deadline when a server is silent', async () => {
  const readAfter = await stopWriter(silence, { failover: { probeIntervalMs: 60_000 } });
  await expect(cluster.read({ readAfter, deadline: Date.now() + 600 })).rejects.toThrow(/is not at .* yet$/);
  expect(readsAt(1)).toBe(0);
});

it('read fails at once when the other tables are not replicated', async () => {
  const readAfter = await stopWriter(notReplicated);
  await expect(cluster.read({ readAfter, deadline: Date.now() + 60_000 })).rejects.toMatchObject({
    name: 'ConnectionError',
    retryable: true,
    message: expect.stringMatching(
      /no server is known to have the write .*: 127.0.0.1:\d+ \(.*BAD_ARGUMENTS/,
    ),
  });
  expect(readsAt(1)).toBe(0);
});

it('read goes on elsewhere when the server breaks the connection', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  cluster.servers[0]!.answer(hangUp);
  syncBy(1, synced);
  expect(await cluster.read({ readAfter: tokenOf(0) })).toBe(1);
  expect(syncsAt(1)).toBe(1);
});

it('read asks one server after the other', async () => {
  await cluster.serve([PRIMARY, PRIMARY, REPLICA]);
  syncBy(1, notReplicated);
  syncBy(2, after(50, synced));
  const readAfter = tokenOf(0);
  await cluster.servers[0]!.stop();
  expect(await cluster.read({ readAfter, deadline: Date.now() + 30_000 })).toBe(2);
});

it('read returns to the server of its write when that is back', async () => {
  const readAfter = await stopWriter(refusal(159, 'TIMEOUT_EXCEEDED'));
  const read = cluster.read({ readAfter, deadline: Date.now() + 30_000 });
  await until(() => syncsAt(1) > 0 && cluster.stateOf(0) !== 'healthy');
  await cluster.servers[0]!.restart();
  expect(await cluster.read({ readAfter })).toBe(0);
  expect([0, 1]).toContain(await read);
  expect(readsAt(1)).toBe(0);
});

it('backup that acknowledged a write answers beside a healthy primary', async () => {
  await cluster.serve([PRIMARY, BACKUP]);
  expect(await cluster.read({ readAfter: tokenOf(1) })).toBe(1);
  expect(await cluster.read()).toBe(0);
  expect([0, 1].map(syncsAt)).toEqual([0, 0]);
});

it('single server asks nothing for its own writes', async () => {
  await cluster.serve([PRIMARY]);
  expect(await cluster.read({ readAfter: tokenOf(0) })).toBe(0);
  expect(cluster.servers[0]!.queries).toHaveLength(1);
});

it('single server does not stand for a server that it is not', async () => {
  await cluster.serve([PRIMARY]);
  syncBy(0, notReplicated);
  const readAfter = toWriteToken([{ endpoint: 'ch-9:8123', shard: '1', record: 'marketData', id: 'a' }])!;
  await expect(cluster.read({ readAfter })).rejects.toThrow(
    /no server is known to have the write acknowledged by ch-9:8123 \(marketData\): 127.0.0.1:\d+ \(.*BAD_ARGUMENTS/,
  );
  syncBy(0, synced);
  expect(await cluster.read({ readAfter })).toBe(0);
  const elsewhere = toWriteToken([{ endpoint: 'ch-9:8123', shard: '2', record: 'marketData', id: 'a' }])!;
  await expect(cluster.read({ readAfter: elsewhere })).rejects.toThrow(
    /no endpoint of shard 2 can be used now: .*; the read has to see the write acknowledged by ch-9:8123/,
  );
});

it('servers of several shards are asked for their own writes as well', async () => {
  await cluster.serve([PRIMARY, { shard: '2' }]);
  syncBy(0, synced);
  expect(await cluster.read({ readAfter: tokenOf(0) })).toBe(0);
  expect([0, 1].map(syncsAt)).toEqual([1, 0]);
  syncBy(0, notReplicated);
  await expect(cluster.read({ readAfter: tokenOf(0) })).rejects.toThrow(/BAD_ARGUMENTS/);
});

it('writes to several shards are refused without a cluster', async () => {
  await cluster.serve([PRIMARY, { shard: '2' }]);
  await expect(cluster.read({ readAfter: [tokenOf(0), tokenOf(1, '2')] })).rejects.toMatchObject({
    code: 'VALIDATION',
    field: 'readAfter',
    reason: 'names writes to several shards',
  });
});

it('concurrent reads share the waiting', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  syncBy(1, after(20, synced));
  await cluster.servers[0]!.stop();
  await until(async () => {
    await cluster.read().catch(() => undefined);
    return cluster.stateOf(0) !== 'healthy';
  });
  const deadline = Date.now() + 30_000;
  const reads = Array.from({ length: 30 }, () => cluster.read({ readAfter: tokenOf(0), deadline }));
  expect(new Set(await Promise.all(reads))).toEqual(new Set([1]));
  expect(syncsAt(1)).toBeLessThanOrEqual(2);
});

it('stream waits for a server that is behind', async () => {
  await cluster.serve([PRIMARY, PRIMARY]);
  syncBy(1, after(50, synced));
  await cluster.servers[0]!.stop();
  await until(async () => {
    await cluster.read().catch(() => undefined);
    return cluster.stateOf(0) !== 'healthy';
  });
  const numbers: unknown[] = [];
  const options = { readAfter: tokenOf(0), deadline: Date.now() + 30_000 };
  for await (const block of cluster.client.sql('d').blocks('test', 'SELECT n', undefined, options)) {
    numbers.push(block.column('n').at(0));
  }
  expect(numbers).toEqual([1]);
  expect(syncsAt(1)).toBe(1);
});

it('abort ends the waiting', async () => {
  const readAfter = await stopWriter(silence);
  const controller = new AbortController();
  const read = cluster.read({ readAfter, signal: controller.signal });
  read.catch(() => undefined);
  await until(() => syncsAt(1) > 0);
  controller.abort(new Error('left'));
  await expect(read).rejects.toThrow('left');
});

it('wrong token is refused by the name of its field', async () => {
  await cluster.serve([PRIMARY]);
  await expect(cluster.read({ readAfter: 'no token' })).rejects.toMatchObject({ field: 'readAfter' });
  expect(cluster.servers[0]!.queries).toEqual([]);
});
