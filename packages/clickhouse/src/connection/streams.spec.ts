import { until } from '@quantumtrade/dal-testing';
import { FakeClient } from '../testing/fake-client.js';
import type { FakeAnswer } from '../testing/fake-server.js';
import { hangUp, lateRefusal, nativeBlock, refusal, rows, silence } from '../testing/fake-server.js';

const fake = new FakeClient();

afterEach(() => fake.close());

const stream = (options?: object, settings?: Record<string, number>) =>
  fake.client.sql('d').blocks('test', 'SELECT n', {}, options, settings);

/** Answers with blocks and never ends. */
const endless: FakeAnswer = (response) => {
  response.flushHeaders();
  response.write(nativeBlock({ n: 1 }));
  response.write(nativeBlock({ n: 2 }));
};

/** Answers with a block, and cuts the connection. */
const cutOff: FakeAnswer = (response) => {
  response.setHeader('X-ClickHouse-Exception-Tag', 'abcdefghijklmnop');
  response.write(nativeBlock({ n: 1 }));
  setTimeout(() => response.destroy(), 20);
};

async function numbersOf(blocks: ReturnType<typeof stream>): Promise<unknown[]> {
  const numbers: unknown[] = [];
  for await (const block of blocks) numbers.push(block.column('n').at(0));
  return numbers;
}

/** One connection, so that a stream that still holds it keeps every other call waiting. */
const ONE = { maxConnections: 1, retry: { maxAttempts: 3, initialDelayMs: 1, maxDelayMs: 2 } };

it('stream sends nothing before it is read', async () => {
  await fake.serve(rows({ n: 1 }));
  const blocks = stream();
  expect(fake.server.queries).toHaveLength(0);
  expect(await numbersOf(blocks)).toEqual([1]);
});

it('stream is unlimited in rows and time, with settings of its own', async () => {
  let search: URLSearchParams | undefined;
  await fake.serveWith({ maxResultRows: 1 }, (response, request) => {
    search = new URL(request.url!, 'http://fake').searchParams;
    return rows({ n: 1 }, { n: 2 }, { n: 3 })(response, request);
  });
  expect(await numbersOf(stream({}, { max_rows_to_read: 7 }))).toEqual([1]);
  const sent = Object.fromEntries(search!);
  expect(sent).toMatchObject({ max_result_rows: '0', max_execution_time: '0', max_rows_to_read: '7' });
});

it('stream is retried before its first block', async () => {
  await fake.serve(refusal(202, 'TOO_MANY_SIMULTANEOUS_QUERIES'), hangUp, rows({ n: 1 }));
  expect(await numbersOf(stream())).toEqual([1]);
  expect(fake.server.queries).toHaveLength(3);
});

it('stream is never retried after its first block', async () => {
  await fake.serveWith(ONE, cutOff, rows({ n: 1 }));
  await expect(numbersOf(stream())).rejects.toMatchObject({ name: 'ConnectionError', retryable: true });
  expect(fake.server.queries).toHaveLength(1);
  expect(await fake.select()).toEqual([{ n: 1 }]);
});

it('stream throws an error that comes behind blocks', async () => {
  await fake.serve(lateRefusal(241, 'MEMORY_LIMIT_EXCEEDED'));
  const blocks = stream()[Symbol.asyncIterator]();
  expect(await blocks.next()).toMatchObject({ done: false });
  await expect(blocks.next()).rejects.toThrow('MEMORY_LIMIT_EXCEEDED (241)');
});

it('stream that is left kills its query and frees its connection', async () => {
  await fake.serveWith(ONE, endless, rows({ n: 3 }));
  for await (const block of stream()) {
    expect(block.rowCount).toBe(1);
    break;
  }
  await until(() => fake.server.kills > 0);
  expect(await fake.select()).toEqual([{ n: 3 }]);
});

it('stream rejects with the error that its consumer throws into it', async () => {
  await fake.serveWith(ONE, endless, rows({ n: 3 }));
  const blocks = stream()[Symbol.asyncIterator]();
  await blocks.next();
  const failure = new Error('of the consumer');
  await expect(blocks.throw!(failure)).rejects.toBe(failure);
  await until(() => fake.server.kills > 0);
  expect(await fake.select()).toEqual([{ n: 3 }]);
});

it('stream rejects with the reason of its signal', async () => {
  await fake.serveWith(ONE, endless);
  const controller = new AbortController();
  const reading = numbersOf(stream({ signal: controller.signal }));
  setTimeout(() => controller.abort('left'), 20);
  await expect(reading).rejects.toBe('left');
  await until(() => fake.server.kills > 0);
});

it('stream frees its connection at the deadline when its consumer is busy', async () => {
  await fake.serveWith(ONE, endless, rows({ n: 3 }));
  const blocks = stream({ deadline: Date.now() + 200 })[Symbol.asyncIterator]();
  await blocks.next();
  expect(await fake.select()).toEqual([{ n: 3 }]);
  await until(() => fake.server.kills > 0);
  await expect(blocks.next()).rejects.toMatchObject({ name: 'TimeoutError' });
});

it.each([
  ['at all', silence],
  ['any more', endless],
])('stream fails when the server does not answer %s', async (_, answer) => {
  await fake.serveWith({ ...ONE, requestTimeoutMs: 50, retry: { maxAttempts: 1 } }, answer);
  await expect(numbersOf(stream())).rejects.toMatchObject({
    name: 'TimeoutError',
    queryId: expect.any(String),
  });
  await until(() => fake.server.kills > 0);
});

it('stream ends while other calls wait when its last block is read', async () => {
  await fake.serveWith(ONE, rows({ n: 1 }));
  expect(await Promise.all([numbersOf(stream()), fake.select(), numbersOf(stream())])).toEqual([
    [1],
    [{ n: 1 }],
    [1],
  ]);
});
