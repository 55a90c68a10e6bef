import { jest } from '@jest/globals';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type { Answer } from '../testing/fake-server.js';
import {
  counted,
  cutOff,
  FakeServer,
  hangUp,
  lateRefusal,
  refusal,
  rows,
  silence,
  textOf,
} from '../testing/fake-server.js';
import { ClickHouseClient } from './clickhouse-client.js';

const RETRY = { maxAttempts: 3, initialDelayMs: 1, maxDelayMs: 2 };
const OVERLOADED = refusal(202, 'TOO_MANY_SIMULTANEOUS_QUERIES');

let server: FakeServer;
let client: ClickHouseClient;

async function serve(...answers: Parameters<typeof FakeServer.start>): Promise<void> {
  server = await FakeServer.start(...answers);
  client = new ClickHouseClient({ url: server.url, database: 'd', retry: RETRY, compression: false });
}

afterEach(async () => {
  await client.close();
  await server?.stop();
});

const select = (options?: object) => client.sql('d').rows('test', 'SELECT 1 AS n', undefined, options);

describe('a read', () => {
  it('is tried again while the error says that it may succeed', async () => {
    await serve(OVERLOADED, hangUp, rows({ n: 1 }));
    expect(await select()).toEqual([{ n: 1 }]);
    expect(server.queries).toHaveLength(3);
  });

  it('gives up after as many attempts as were asked for', async () => {
    await serve(OVERLOADED);
    await expect(select()).rejects.toMatchObject({ name: 'QueryError', retryable: true });
    expect(server.queries).toHaveLength(3);
  });

  it('waits before every attempt when the multiplier is 1', async () => {
    server = await FakeServer.start(OVERLOADED);
    const retry = { maxAttempts: 5, initialDelayMs: 11, backoffMultiplier: 1 };
    client = new ClickHouseClient({ url: server.url, retry });
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const timeouts = jest.spyOn(globalThis, 'setTimeout');
    await expect(select()).rejects.toMatchObject({ name: 'QueryError' });
    expect(timeouts.mock.calls.filter(([, delay]) => delay === 5.5)).toHaveLength(4);
    jest.restoreAllMocks();
  });

  it('is not tried again when the error will stay', async () => {
    await serve(refusal(60, 'UNKNOWN_TABLE'));
    await expect(select()).rejects.toMatchObject({ name: 'QueryError', retryable: false });
    expect(server.queries).toHaveLength(1);
  });

  it('notices an error that comes after rows', async () => {
    await serve(lateRefusal(395, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'));
    await expect(select()).rejects.toThrow('FUNCTION_THROW_IF_VALUE_IS_NON_ZERO (395)');
  });

  it('does not take an answer that breaks off for a whole one', async () => {
    await serve(cutOff);
    await expect(select()).rejects.toMatchObject({ name: 'ConnectionError', retryable: true });
  });

  it('ends at its deadline, also while it waits to try again', async () => {
    server = await FakeServer.start(OVERLOADED);
    client = new ClickHouseClient({
      url: server.url,
      retry: { maxAttempts: 100, initialDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    await expect(select({ deadline: Date.now() + 100 })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('ends at its deadline when nothing answers, and says how long that took', async () => {
    await serve(silence);
    const error = await select({ deadline: Date.now() + 100 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'TimeoutError', operation: 'test', queryId: expect.any(String) });
    expect((error as { durationMs: number }).durationMs).toBeGreaterThanOrEqual(99);
  });

  it('never lasts longer than the request timeout, whatever deadline it names', async () => {
    server = await FakeServer.start(silence);
    client = new ClickHouseClient({ url: server.url, requestTimeoutMs: 100 });
    await expect(select({ deadline: Date.now() + 3_600_000 })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  it('ends with the reason of its signal', async () => {
    await serve(silence);
    const controller = new AbortController();
    const reason = new Error('the user left');
    const call = select({ signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(call).rejects.toBe(reason);
  });
});

describe('a write', () => {
  const block = { table: 't', token: 'once', bytes: Buffer.from('s3cret'), rowCount: 1, retried: false };
  const insert = (more = {}) => client.sql('d').insert('test', { ...block, ...more });

  it.each([
    ['an insert', () => insert()],
    ['a command', () => client.sql('d').command('test', 'DROP TABLE t')],
  ])('is not tried again: %s', async (_, write) => {
    await serve(OVERLOADED);
    await expect(write()).rejects.toMatchObject({ name: 'QueryError', retryable: true });
    expect(server.queries).toHaveLength(1);
  });

  it('fails with the text of the insert, without its rows, when the connection breaks', async () => {
    await serve(hangUp);
    await expect(insert()).rejects.toMatchObject({ name: 'ConnectionError' });
    expect(server.queries).toEqual(['INSERT INTO t FORMAT Native']);
  });

  it('is tried again with the same bytes and token when it is to be, until it is known to be stored', async () => {
    const tokens: unknown[] = [];
    const bodies: string[] = [];
    const noting =
      (answer: Answer): Answer =>
      async (response, request) => {
        tokens.push(new URL(request.url!, 'http://fake').searchParams.get('insert_deduplication_token'));
        bodies.push(await textOf(request));
        answer(response, request);
      };
    await serve(...[hangUp, OVERLOADED, counted(1)].map(noting));
    await insert({ retried: true });
    expect(tokens).toEqual(['once', 'once', 'once']);
    expect(bodies).toEqual(['s3cret', 's3cret', 's3cret']);
  });

  it('is not tried again when it is known that it will never be stored', async () => {
    await serve(refusal(53, 'TYPE_MISMATCH'));
    await expect(insert({ retried: true })).rejects.toMatchObject({ name: 'QueryError', retryable: false });
    expect(server.queries).toHaveLength(1);
  });

  it('ends at its deadline, however often it may be tried', async () => {
    server = await FakeServer.start(OVERLOADED);
    client = new ClickHouseClient({ url: server.url, retry: { maxAttempts: 1_000, initialDelayMs: 60_000 } });
    const deadline = Date.now() + 100;
    const call = client.sql('d').insert('test', { ...block, retried: true }, { deadline });
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('the connections', () => {
  it('are opened when used, kept for the next request and counted', async () => {
    await serve(rows({ n: 1 }));
    expect(client.connectionCount()).toBe(0);
    await select();
    await select();
    expect(client.connectionCount()).toBe(1);
    await Promise.all([select(), select(), select()]);
    expect(client.connectionCount()).toBe(3);
    await client.close();
    expect(client.connectionCount()).toBe(0);
  });

  it('are never more than allowed', async () => {
    server = await FakeServer.start(rows({ n: 1 }));
    client = new ClickHouseClient({ url: server.url, maxConnections: 2 });
    await Promise.all(Array.from({ length: 10 }, () => select()));
    expect(client.connectionCount()).toBe(2);
  });

  it('are not made after the client was closed', async () => {
    await serve(rows({ n: 1 }));
    await client.close();
    await expect(select()).rejects.toMatchObject({ name: 'ConnectionError', retryable: false });
  });

  it('break off requests when the client closes', async () => {
    await serve(silence);
    const call = select();
    const failed = expect(call).rejects.toMatchObject({ name: 'ConnectionError' });
    while (server.queries.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await client.close();
    await failed;
  });

  it('may take only so long to open', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    client = new ClickHouseClient({
      url: `https://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      connectionTimeoutMs: 50,
      retry: { maxAttempts: 1 },
    });
    await expect(client.ping()).rejects.toThrow('the connection broke (ETIMEDOUT)');
    silent.close();
  });
});

it('takes a server that refuses even a ping for unreachable', async () => {
  await serve(OVERLOADED);
  await expect(client.ping()).rejects.toMatchObject({ name: 'ConnectionError' });
  expect(server.queries).toHaveLength(1);
});
