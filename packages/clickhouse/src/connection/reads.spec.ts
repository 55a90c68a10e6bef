import { gzipSync } from 'node:zlib';
import { jest } from '@jest/globals';
import { QueryError } from '@quantumtrade/dal-domain';
import { until } from '@quantumtrade/dal-testing';
import { FakeClient } from '../testing/fake-client.js';
import type { FakeAnswer } from '../testing/fake-server.js';
import {
  cutOff,
  hangUp,
  lateRefusal,
  nativeBlock,
  page,
  refusal,
  rows,
  silence,
} from '../testing/fake-server.js';

const OVERLOADED = refusal(202, 'TOO_MANY_SIMULTANEOUS_QUERIES');

const fake = new FakeClient();

afterEach(() => fake.close());

it('read is retried while its error is retryable', async () => {
  await fake.serve(OVERLOADED, hangUp, rows({ n: 1 }));
  expect(await fake.select()).toEqual([{ n: 1 }]);
  expect(fake.server.queries).toHaveLength(3);
});

it('read fails after the last allowed attempt', async () => {
  await fake.serve(OVERLOADED);
  await expect(fake.select()).rejects.toMatchObject({ name: 'QueryError', retryable: true });
  expect(fake.server.queries).toHaveLength(3);
});

it('read waits before every attempt when the multiplier is 1', async () => {
  await fake.serveWith({ retry: { maxAttempts: 5, initialDelayMs: 11, backoffMultiplier: 1 } }, OVERLOADED);
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
  const timeouts = jest.spyOn(globalThis, 'setTimeout');
  await expect(fake.select()).rejects.toMatchObject({ name: 'QueryError' });
  expect(timeouts.mock.calls.filter(([, delay]) => delay === 5.5)).toHaveLength(4);
  jest.restoreAllMocks();
});

it('read is not retried when its error is permanent', async () => {
  await fake.serve(refusal(60, 'UNKNOWN_TABLE'));
  await expect(fake.select()).rejects.toMatchObject({ name: 'QueryError', retryable: false });
  expect(fake.server.queries).toHaveLength(1);
});

it('read fails when an error comes behind rows', async () => {
  await fake.serve(lateRefusal(395, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'));
  await expect(fake.select()).rejects.toThrow('FUNCTION_THROW_IF_VALUE_IS_NON_ZERO (395)');
});

it('read fails when the answer breaks off', async () => {
  await fake.serve(cutOff);
  await expect(fake.select()).rejects.toMatchObject({ name: 'ConnectionError', retryable: true });
});

it.each([
  ['a length', { 'Content-Length': '200' }],
  ['chunks', { 'Transfer-Encoding': 'chunked' }],
  ['the end of the connection', { Connection: 'close' }],
])('read fails when an answer framed by %s is cut', async (_, headers) => {
  const cut: FakeAnswer = (response) => {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, headers);
    response.write(nativeBlock({ n: 1 }), () => response.socket!.end());
  };
  await fake.serve(cut);
  await expect(fake.select()).rejects.toMatchObject({ name: 'ConnectionError', retryable: true });
});

it.each([
  ['whose rows are compressed', gzipSync(nativeBlock({ n: 1 })), [{ n: 1 }]],
  ['whose rows are stored', gzipSync(nativeBlock({ n: 1 }), { level: 0 }), [{ n: 1 }]],
])('read accepts gzip that ends with its connection %s', async (_, bytes, expected) => {
  await fake.serve((response) => {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, { Connection: 'close', 'Content-Encoding': 'gzip' });
    response.end(bytes);
  });
  expect(await fake.select()).toEqual(expected);
});

it('read accepts no rows that end with their connection', async () => {
  await fake.serve((response) => {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, { Connection: 'close' });
    response.end();
  });
  expect(await fake.select()).toEqual([]);
});

it.each([200, 204, 301, 502])('read is retried when a gateway answers with %d', async (status) => {
  await fake.serve(page(status), rows({ n: 1 }));
  expect(await fake.select()).toEqual([{ n: 1 }]);
});

it.each([400, 401, 403, 404, 413, 414])(
  'read fails at once when a gateway answers with %d',
  async (status) => {
    await fake.serve(page(status));
    await expect(fake.select()).rejects.toMatchObject({ retryable: false });
    expect(fake.server.queries).toHaveLength(1);
  },
);

it('read kills its query when the result is too large', async () => {
  await fake.serveWith({ maxResultRows: 1 }, rows({ n: 1 }, { n: 2 }));
  const reading = fake.client.sql('d').collect('test', 'SELECT 1', {}, undefined, (block) => block);
  await expect(reading).rejects.toThrow('more than 1 rows (maxResultRows)');
  await until(() => fake.server.kills > 0);
});

it('read ends at its deadline between two attempts', async () => {
  await fake.serveWith(
    {
      retry: { maxAttempts: 100, initialDelayMs: 60_000, maxDelayMs: 60_000 },
    },
    OVERLOADED,
  );
  await expect(fake.select({ deadline: Date.now() + 100 })).rejects.toMatchObject({ name: 'TimeoutError' });
});

it('read waits before its retry as long as a gateway asks', async () => {
  await fake.serve(page(429, '', { 'Retry-After': '1' }), rows({ n: 1 }));
  jest.spyOn(Math, 'random').mockReturnValue(0);
  const timeouts = jest.spyOn(globalThis, 'setTimeout');
  expect(await fake.select()).toEqual([{ n: 1 }]);
  expect(timeouts.mock.calls.filter(([, delay]) => delay === 1_000)).toHaveLength(1);
  jest.restoreAllMocks();
});

it('read fails at once when a gateway asks for a longer wait', async () => {
  await fake.serve(page(503, '', { 'Retry-After': '3600' }), rows({ n: 1 }));
  const late = fake.select({ deadline: Date.now() + 600_000 });
  await expect(late).rejects.toMatchObject({ name: 'ConnectionError', retryAfterMs: 3_600_000 });
  expect(fake.server.queries).toHaveLength(1);
});

it('read ends at its deadline when nothing answers', async () => {
  await fake.serve(silence);
  const deadline = Date.now() + 100;
  const error = await fake.select({ deadline }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TimeoutError', operation: 'test', queryId: expect.any(String) });
  expect(Date.now()).toBeGreaterThanOrEqual(deadline - 1);
});

it('read ends at the request timeout when its deadline is later', async () => {
  await fake.serveWith({ requestTimeoutMs: 100 }, silence);
  await expect(fake.select({ deadline: Date.now() + 3_600_000 })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
});

it('read rejects with the reason of its signal', async () => {
  await fake.serve(silence);
  const controller = new AbortController();
  const reason = new Error('the user left');
  const call = fake.select({ signal: controller.signal });
  setTimeout(() => controller.abort(reason), 50);
  await expect(call).rejects.toBe(reason);
});

/** Answers with two rows and these counts in its head. */
const summarized =
  (summary: string): FakeAnswer =>
  (response, request) => {
    response.setHeader('X-ClickHouse-Summary', summary);
    return rows({ n: 1 }, { n: 2 })(response, request);
  };

it('read is retried when the server counted more rows than arrived', async () => {
  await fake.serve(summarized('{"read_rows":"9","result_rows":"3"}'), rows({ n: 1 }));
  expect(await fake.select()).toEqual([{ n: 1 }]);
  expect(fake.server.queries).toHaveLength(2);
});

it.each(['{"result_rows":"2"}', '{"result_rows":"1"}', '{}', 'null', 'none'])(
  'read accepts an answer with the summary %s',
  async (summary) => {
    await fake.serve(summarized(summary));
    expect(await fake.select()).toEqual([{ n: 1 }, { n: 2 }]);
  },
);

it('read rejects with the error that converting a block throws', async () => {
  await fake.serve(rows({ n: 1 }));
  const failure = new QueryError('t', 'no number stands for this', { operation: 'test' });
  const reading = fake.client.sql('d').collect('test', 'SELECT 1', {}, undefined, () => {
    throw failure;
  });
  await expect(reading).rejects.toBe(failure);
  expect(fake.server.queries).toHaveLength(1);
});
