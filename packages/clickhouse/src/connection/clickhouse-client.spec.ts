import { jest } from '@jest/globals';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import type { Answer } from '../testing/fake-server.js';
import {
  counted,
  cutOff,
  FakeServer,
  hangUp,
  lateRefusal,
  page,
  refusal,
  rows,
  silence,
  textOf,
} from '../testing/fake-server.js';
import { ClickHouseClient } from './clickhouse-client.js';
import { PINNED_SETTINGS } from './pinned-settings.js';

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

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

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

  it.each([
    ['a length', { 'Content-Length': '20' }],
    ['chunks', { 'Transfer-Encoding': 'chunked' }],
    ['the end of the connection', { Connection: 'close' }],
  ])('is refused when its answer is cut that is framed by %s', async (_, headers) => {
    const cut: Answer = (response) => {
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, headers);
      response.write('[\n{"n":1},\n', () => response.socket!.end());
    };
    await serve(cut);
    await expect(select()).rejects.toMatchObject({ name: 'ConnectionError', retryable: true });
  });

  it('is whole when the end of the connection is its end', async () => {
    await serve((response) => {
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { Connection: 'close' });
      response.end('[\n{"n":1}\n]\n');
    });
    expect(await select()).toEqual([{ n: 1 }]);
  });

  it.each([200, 204, 301, 502])('is tried again when a gateway answers with %d', async (status) => {
    await serve(page(status), rows({ n: 1 }));
    expect(await select()).toEqual([{ n: 1 }]);
  });

  it.each([400, 401, 403, 404, 413, 414])(
    'is not tried again when a gateway answers with %d',
    async (status) => {
      await serve(page(status));
      await expect(select()).rejects.toMatchObject({ retryable: false });
      expect(server.queries).toHaveLength(1);
    },
  );

  it('kills its query when the result is too large', async () => {
    await serve(rows({ n: 1 }, { n: 2 }));
    await client.close();
    client = new ClickHouseClient({ url: server.url, maxResultRows: 1 });
    const reading = client.sql('d').result('test', 'SELECT 1', {}, undefined, (json) => json);
    await expect(reading).rejects.toThrow('more than 1 rows (maxResultRows)');
    await until(() => server.kills > 0);
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

  it.each([
    ['a page of a gateway', page(200)],
    ['nothing', page(204, '')],
    ['fewer rows than were sent', counted(0, 0)],
    ['some text behind a good head', ((response) => void response.end('Ok.')) as Answer],
    ['much of it', ((response) => void response.end(' '.repeat(2 ** 20))) as Answer],
    [
      'an error behind a good head',
      ((response) => void response.end('Code: 241. DB::Exception: No. (MEMORY_LIMIT_EXCEEDED)')) as Answer,
    ],
  ])('is sent again under its token when it is answered with %s', async (_, answer) => {
    await serve(answer, counted(1));
    expect(await insert({ retried: true })).toEqual({ attempts: 2, confirmed: true });
  });

  it.each([
    ['sends no counts', counted()],
    ['knows the block by its token', counted(0, 1)],
    ['counts the rows of other tables, too', counted(3, 2)],
  ])('is not confirmed by a server that %s', async (_, answer) => {
    await serve(answer);
    expect(await insert()).toEqual({ attempts: 1, confirmed: false });
  });

  it.each([
    ['begins', silence],
    ['ends', ((response) => void response.flushHeaders()) as Answer],
  ])('gives its connection back at its deadline when the answer never %s', async (_, answer) => {
    await serve(answer);
    const call = client.sql('d').insert('test', block, { deadline: Date.now() + 100 });
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
    await until(() => server.kills > 0);
    // What is left is the connection of the kill.
    await until(() => server.sockets.size === 1);
    expect(client.connectionCount()).toBe(1);
  });

  it('hears that it is too large while it has more to send', async () => {
    await serve((response) => {
      response.removeHeader('X-ClickHouse-Query-Id');
      response.writeHead(413, { Connection: 'close' });
      response.end('<html>Request Entity Too Large</html>');
    });
    const large = insert({ bytes: Buffer.alloc(2 ** 24) });
    await expect(large).rejects.toMatchObject({ name: 'QueryError', kind: 'TOO_LARGE' });
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

describe('calls above the number of connections', () => {
  const slow: Answer = (response, request) =>
    void setTimeout(() => void rows({ n: 1 })(response, request), 50);

  async function serveOne(more: object = {}, ...answers: Answer[]): Promise<void> {
    server = await FakeServer.start(...answers);
    client = new ClickHouseClient({ url: server.url, maxConnections: 1, retry: { maxAttempts: 1 }, ...more });
  }

  it('send nothing when their deadline passes while they wait', async () => {
    await serveOne({}, silence);
    const running = select({ deadline: Date.now() + 300 });
    const waiting = select({ deadline: Date.now() + 50 });
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError', queryId: undefined });
    expect(server.kills).toBe(0);
    await expect(running).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(server.queries).toHaveLength(1);
  });

  it('send nothing when they are aborted while they wait', async () => {
    await serveOne({}, slow);
    const running = select();
    const controller = new AbortController();
    const waiting = select({ signal: controller.signal });
    controller.abort('left');
    await expect(waiting).rejects.toBe('left');
    await running;
    expect(server.queries).toHaveLength(1);
    expect(server.kills).toBe(0);
  });

  it('fail at once when too many wait already', async () => {
    await serveOne({ maxQueuedCalls: 1 }, slow);
    const served = [select(), select()];
    await expect(select()).rejects.toMatchObject({ name: 'ConnectionError', retryable: true });
    expect(await Promise.all(served)).toHaveLength(2);
  });

  it('wait behind further queries of calls that have begun', async () => {
    await serveOne({}, slow);
    const sql = client.sql('d');
    await Promise.all([select(), sql.rows('test', 'SELECT 2'), sql.continuing.rows('test', 'SELECT 3')]);
    expect(server.queries.map((query) => query.slice(0, 8))).toEqual(['SELECT 1', 'SELECT 3', 'SELECT 2']);
  });

  it('do not keep a ping waiting', async () => {
    await serveOne({}, silence, rows({ n: 1 }));
    const running = select({ deadline: Date.now() + 500 }).catch((error: unknown) => error);
    await until(() => server.queries.length === 1);
    await client.ping();
    expect(server.queries).toHaveLength(2);
    await running;
  });
});

describe('the settings that keep answers whole', () => {
  const settingsOf = (request: IncomingMessage) => new URL(request.url!, 'http://fake').searchParams;

  it.each([
    ['a read', () => select()],
    ['a command', () => client.sql('d').command('test', 'DROP TABLE t')],
    [
      'an insert',
      () =>
        client
          .sql('d')
          .insert('test', { table: 't', token: 't', bytes: Buffer.of(0), rowCount: 1, retried: false }),
    ],
    ['a ping', () => client.ping()],
  ])('go with %s', async (_, call) => {
    let sent: URLSearchParams | undefined;
    await serve((response, request) => {
      sent = settingsOf(request);
      return (
        sent.has('insert_deduplication_token') || request.url!.includes('DROP') ? counted(1) : rows({ n: 1 })
      )(response, request);
    });
    await call().catch(() => undefined);
    expect(Object.fromEntries(sent!)).toMatchObject(
      Object.fromEntries(Object.entries(PINNED_SETTINGS).map(([name, value]) => [name, String(value)])),
    );
  });

  it('are restricted to what the server knows once it refuses one', async () => {
    const sent: URLSearchParams[] = [];
    const known = Object.keys(PINNED_SETTINGS).filter((name) => name !== 'use_query_cache');
    const noting =
      (answer: Answer): Answer =>
      (response, request) => {
        sent.push(settingsOf(request));
        return answer(response, request);
      };
    const answers = [
      refusal(115, 'UNKNOWN_SETTING'),
      rows(...known.map((name) => ({ name }))),
      rows({ n: 1 }),
    ];
    await serve(...answers.map(noting));
    expect(await select()).toEqual([{ n: 1 }]);
    await select();
    expect(sent.map((settings) => settings.has('use_query_cache'))).toEqual([true, false, false, false]);
    expect(sent.at(-1)!.get('limit')).toBe('0');
  });

  it('are restricted once for calls that are refused at the same time', async () => {
    const known = Object.keys(PINNED_SETTINGS).filter((name) => name !== 'use_query_cache');
    const old: Answer = (response, request) => {
      const answer = settingsOf(request).has('use_query_cache')
        ? refusal(115, 'UNKNOWN_SETTING')
        : rows(...known.map((name) => ({ name })));
      return answer(response, request);
    };
    await serve(old);
    expect(await Promise.all([select(), select(), select()])).toHaveLength(3);
  });

  it('fail the query when the server knows all of them, and refuses another', async () => {
    const names = rows(...Object.keys(PINNED_SETTINGS).map((name) => ({ name })));
    await serve(refusal(115, 'UNKNOWN_SETTING'), names);
    await expect(select()).rejects.toThrow('UNKNOWN_SETTING (115)');
    expect(server.queries).toHaveLength(2);
  });
});

it('shows no password however it is inspected', async () => {
  await serve(rows({ n: 1 }));
  const secretive = new ClickHouseClient({ url: server.url, password: 's3cret' });
  await secretive.ping();
  for (const shown of [secretive, secretive.sql('d')]) {
    expect(inspect(shown, { depth: 20, showHidden: true })).not.toContain('s3cret');
    expect(JSON.stringify(shown)).not.toContain('s3cret');
  }
  await secretive.close();
});

it('takes a server that refuses even a ping for unreachable', async () => {
  await serve(OVERLOADED);
  await expect(client.ping()).rejects.toMatchObject({ name: 'ConnectionError' });
  expect(server.queries).toHaveLength(1);
});
