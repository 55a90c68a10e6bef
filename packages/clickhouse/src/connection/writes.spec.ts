import { until } from '@quantumtrade/dal-testing';
import { FakeClient } from '../testing/fake-client.js';
import type { FakeAnswer } from '../testing/fake-server.js';
import { counted, hangUp, page, refusal, silence, textOf } from '../testing/fake-server.js';

const OVERLOADED = refusal(202, 'TOO_MANY_SIMULTANEOUS_QUERIES');

const fake = new FakeClient();

afterEach(() => fake.close());

const block = { table: 't', token: 'once', bytes: Buffer.from('s3cret'), rowCount: 1, retried: false };
const insert = (more = {}) => fake.client.sql('d').insert('test', { ...block, ...more });

it.each([
  ['an insert', () => insert()],
  ['a command', () => fake.client.sql('d').command('test', 'DROP TABLE t')],
])('%s is not retried by default', async (_, write) => {
  await fake.serve(OVERLOADED);
  await expect(write()).rejects.toMatchObject({ name: 'QueryError', retryable: true });
  expect(fake.server.queries).toHaveLength(1);
});

it('insert fails when the connection breaks', async () => {
  await fake.serve(hangUp);
  await expect(insert()).rejects.toMatchObject({ name: 'ConnectionError' });
  expect(fake.server.queries).toEqual(['INSERT INTO t FORMAT Native']);
});

it('insert is retried with the same bytes and token', async () => {
  const tokens: unknown[] = [];
  const bodies: string[] = [];
  const noting =
    (answer: FakeAnswer): FakeAnswer =>
    async (response, request) => {
      tokens.push(new URL(request.url!, 'http://fake').searchParams.get('insert_deduplication_token'));
      bodies.push(await textOf(request));
      answer(response, request);
    };
  await fake.serve(...[hangUp, OVERLOADED, counted(1)].map(noting));
  await insert({ retried: true });
  expect(tokens).toEqual(['once', 'once', 'once']);
  expect(bodies).toEqual(['s3cret', 's3cret', 's3cret']);
});

it('insert is not retried when its error is permanent', async () => {
  await fake.serve(refusal(53, 'TYPE_MISMATCH'));
  await expect(insert({ retried: true })).rejects.toMatchObject({ name: 'QueryError', retryable: false });
  expect(fake.server.queries).toHaveLength(1);
});

it.each([
  ['a page of a gateway', page(200)],
  ['nothing', page(204, '')],
  ['fewer rows than were sent', counted(0, 0)],
  ['some text behind a good head', ((response) => void response.end('Ok.')) as FakeAnswer],
  ['much of it', ((response) => void response.end(' '.repeat(2 ** 20))) as FakeAnswer],
  [
    'an error behind a good head',
    ((response) => void response.end('Code: 241. DB::Exception: No. (MEMORY_LIMIT_EXCEEDED)')) as FakeAnswer,
  ],
])('insert is sent again when the answer is %s', async (_, answer) => {
  await fake.serve(answer, counted(1));
  expect(await insert({ retried: true })).toMatchObject({ attempts: 2, confirmed: true });
});

it.each([
  ['sends no counts', counted()],
  ['has seen the token before', counted(0, 1)],
  ['counts the rows of other tables, too', counted(3, 2)],
])('insert is unconfirmed when the server %s', async (_, answer) => {
  await fake.serve(answer);
  expect(await insert()).toMatchObject({ attempts: 1, confirmed: false });
});

describe('insert of chosen rows', () => {
  const columns = [
    { name: 'x', type: 'UInt8' },
    { name: 'at', type: "DateTime64(8, 'UTC')" },
  ];
  const chosen = { rowCount: 3, selection: { columns, condition: 'x = 1' } };

  it('names the columns of the block', async () => {
    await fake.serve(counted(1, 3));
    expect(await insert(chosen)).toMatchObject({ attempts: 1, confirmed: true });
    expect(fake.server.queries).toEqual([
      "INSERT INTO t SELECT * FROM input('`x` UInt8, `at` DateTime64(8, \\'UTC\\')') WHERE x = 1 FORMAT Native",
    ]);
  });

  it('fails when the server has read a part of the rows', async () => {
    await fake.serve(counted(2, 2));
    await expect(insert(chosen)).rejects.toMatchObject({ name: 'ConnectionError' });
  });
});

it.each([
  ['begins', silence],
  ['ends', ((response) => void response.flushHeaders()) as FakeAnswer],
])('insert frees its connection when the answer never %s', async (_, answer) => {
  await fake.serve(answer);
  const call = fake.client.sql('d').insert('test', block, { deadline: Date.now() + 100 });
  await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
  await until(() => fake.server.kills > 0);
  // What is left is the connection of the kill.
  await until(() => fake.server.sockets.size === 1);
  expect(fake.client.connectionCount()).toBe(1);
});

it('insert fails when it is refused as too large while sent', async () => {
  await fake.serve((response) => {
    response.removeHeader('X-ClickHouse-Query-Id');
    response.writeHead(413, { Connection: 'close' });
    response.end('<html>Request Entity Too Large</html>');
  });
  const large = insert({ bytes: Buffer.alloc(2 ** 24) });
  await expect(large).rejects.toMatchObject({ name: 'QueryError', kind: 'TOO_LARGE' });
});

it('insert ends at its deadline when attempts are left', async () => {
  await fake.serveWith({ retry: { maxAttempts: 1_000, initialDelayMs: 60_000 } }, OVERLOADED);
  const deadline = Date.now() + 100;
  const call = fake.client.sql('d').insert('test', { ...block, retried: true }, { deadline });
  await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
});
