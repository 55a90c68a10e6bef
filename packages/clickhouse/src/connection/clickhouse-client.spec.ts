import { jest } from '@jest/globals';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { until } from '@quantumtrade/dal-testing';
import { FakeClient } from '../testing/fake-client.js';
import type { FakeAnswer } from '../testing/fake-server.js';
import { refusal, rows, silence } from '../testing/fake-server.js';
import { ClickHouseClient } from './clickhouse-client.js';

const fake = new FakeClient();

afterEach(() => fake.close());

it('connections are opened when used and kept', async () => {
  await fake.serve(rows({ n: 1 }));
  expect(fake.client.connectionCount()).toBe(0);
  await fake.select();
  await fake.select();
  expect(fake.client.connectionCount()).toBe(1);
  await Promise.all([fake.select(), fake.select(), fake.select()]);
  expect(fake.client.connectionCount()).toBe(3);
  await fake.client.close();
  expect(fake.client.connectionCount()).toBe(0);
});

it('connection that was idle for too long is not used again', async () => {
  await fake.serve(rows({ n: 1 }));
  await fake.select();
  const [first] = fake.server.sockets;
  jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 3_000);
  await fake.select();
  jest.restoreAllMocks();
  await until(() => !fake.server.sockets.has(first!));
  expect(fake.client.connectionCount()).toBe(1);
});

it('connections are limited', async () => {
  await fake.serveWith({ maxConnections: 2 }, rows({ n: 1 }));
  await Promise.all(Array.from({ length: 10 }, () => fake.select()));
  expect(fake.client.connectionCount()).toBe(2);
});

it('read fails when the client is closed', async () => {
  await fake.serve(rows({ n: 1 }));
  await fake.client.close();
  await expect(fake.select()).rejects.toMatchObject({ name: 'ConnectionError', retryable: false });
});

it('running read fails when the client closes', async () => {
  await fake.serve(silence);
  const call = fake.select();
  const failed = expect(call).rejects.toMatchObject({ name: 'ConnectionError' });
  await until(() => fake.server.queries.length > 0);
  await fake.client.close();
  await failed;
});

it('ping fails when the connection takes too long to open', async () => {
  const silent = createServer();
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const client = new ClickHouseClient({
    url: `https://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    connectionTimeoutMs: 50,
    retry: { maxAttempts: 1 },
  });
  await expect(client.ping()).rejects.toThrow('the connection broke (ETIMEDOUT)');
  await client.close();
  silent.close();
});

const slow: FakeAnswer = (response, request) =>
  void setTimeout(() => void rows({ n: 1 })(response, request), 50);

async function serveOne(more: object = {}, ...answers: FakeAnswer[]): Promise<void> {
  await fake.serveWith({ maxConnections: 1, retry: { maxAttempts: 1 }, ...more }, ...answers);
}

it('waiting read sends nothing when its deadline passes', async () => {
  await serveOne({}, silence);
  const running = fake.select({ deadline: Date.now() + 300 });
  const waiting = fake.select({ deadline: Date.now() + 50 });
  await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError', queryId: undefined });
  expect(fake.server.kills).toBe(0);
  await expect(running).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(fake.server.queries).toHaveLength(1);
});

it('waiting read sends nothing when it is aborted', async () => {
  await serveOne({}, slow);
  const running = fake.select();
  const controller = new AbortController();
  const waiting = fake.select({ signal: controller.signal });
  controller.abort('left');
  await expect(waiting).rejects.toBe('left');
  await running;
  expect(fake.server.queries).toHaveLength(1);
  expect(fake.server.kills).toBe(0);
});

it('read fails at once when the queue is full', async () => {
  await serveOne({ maxQueuedCalls: 1 }, slow);
  const served = [fake.select(), fake.select()];
  await expect(fake.select()).rejects.toMatchObject({ name: 'ConnectionError', retryable: true });
  expect(await Promise.all(served)).toHaveLength(2);
});

it('new read waits behind queries that continue a call', async () => {
  await serveOne({}, slow);
  const sql = fake.client.sql('d');
  await Promise.all([fake.select(), sql.rows('test', 'SELECT 2'), sql.continuing.rows('test', 'SELECT 3')]);
  expect(fake.server.queries.map((query) => query.slice(0, 8))).toEqual(['SELECT 1', 'SELECT 3', 'SELECT 2']);
});

it('ping overtakes waiting reads', async () => {
  await serveOne({}, silence, rows({ n: 1 }));
  const running = fake.select({ deadline: Date.now() + 500 }).catch((error: unknown) => error);
  await until(() => fake.server.queries.length === 1);
  await fake.client.ping();
  expect(fake.server.queries).toHaveLength(2);
  await running;
});

it('inspected client shows no password', async () => {
  await fake.serve(rows({ n: 1 }));
  const secretive = new ClickHouseClient({ url: fake.server.url, password: 's3cret' });
  await secretive.ping();
  for (const shown of [secretive, secretive.sql('d')]) {
    expect(inspect(shown, { depth: 20, showHidden: true })).not.toContain('s3cret');
    expect(JSON.stringify(shown)).not.toContain('s3cret');
  }
  await secretive.close();
});

it('ping fails with ConnectionError when the server refuses queries', async () => {
  await fake.serve(refusal(202, 'TOO_MANY_SIMULTANEOUS_QUERIES'));
  await expect(fake.client.ping()).rejects.toMatchObject({ name: 'ConnectionError' });
  expect(fake.server.queries).toHaveLength(1);
});
