import type { IncomingMessage } from 'node:http';
import { FakeClient } from '../testing/fake-client.js';
import type { FakeAnswer } from '../testing/fake-server.js';
import { counted, FakeServer, refusal, rows } from '../testing/fake-server.js';
import { ClickHouseClient } from './clickhouse-client.js';
import { PINNED_SETTINGS } from './pinned-settings.js';

const fake = new FakeClient();

afterEach(() => fake.close());

const settingsOf = (request: IncomingMessage) => new URL(request.url!, 'http://fake').searchParams;

it.each([
  ['a read', () => fake.select()],
  ['a command', () => fake.client.sql('d').command('test', 'DROP TABLE t')],
  [
    'an insert',
    () =>
      fake.client
        .sql('d')
        .insert('test', { table: 't', token: 't', bytes: Buffer.of(0), rowCount: 1, retried: false }),
  ],
  ['a ping', () => fake.client.ping()],
])('pinned settings are sent with %s', async (_, call) => {
  let sent: URLSearchParams | undefined;
  await fake.serve((response, request) => {
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

it.each<[object, string | null]>([
  [{}, 'auto'],
  [{ quorum: 'one' }, '0'],
  [{ copies: 'written' }, null],
])('replicated copies acknowledge a block together: %j', async (cluster, quorum) => {
  let sent: URLSearchParams | undefined;
  fake.server = await FakeServer.start((response, request) => {
    sent = settingsOf(request);
    return counted(1)(response, request);
  });
  fake.client = new ClickHouseClient({
    endpoints: [{ url: fake.server.url }],
    cluster: { name: 'bars', layout: [{}], ...cluster },
    requestTimeoutMs: 9_000,
  });
  const block = { table: 't', token: 't', bytes: Buffer.of(0), rowCount: 1, retried: false };
  await fake.client.sql('d').insert('test', block);
  expect(sent!.get('insert_quorum')).toBe(quorum);
  expect(sent!.get('insert_quorum_parallel')).toBe(quorum && '1');
  expect(sent!.get('insert_quorum_timeout')).toBe(quorum && '9000');
});

it('pinned settings shrink to those of the server', async () => {
  const sent: URLSearchParams[] = [];
  const known = Object.keys(PINNED_SETTINGS).filter((name) => name !== 'use_query_cache');
  const noting =
    (answer: FakeAnswer): FakeAnswer =>
    (response, request) => {
      sent.push(settingsOf(request));
      return answer(response, request);
    };
  const answers = [refusal(115, 'UNKNOWN_SETTING'), rows(...known.map((name) => ({ name }))), rows({ n: 1 })];
  await fake.serve(...answers.map(noting));
  expect(await fake.select()).toEqual([{ n: 1 }]);
  await fake.select();
  expect(sent.map((settings) => settings.has('use_query_cache'))).toEqual([true, false, false, false]);
  expect(sent.at(-1)!.get('limit')).toBe('0');
});

it('concurrent reads succeed when the server lacks a setting', async () => {
  const known = Object.keys(PINNED_SETTINGS).filter((name) => name !== 'use_query_cache');
  const old: FakeAnswer = (response, request) => {
    const answer = settingsOf(request).has('use_query_cache')
      ? refusal(115, 'UNKNOWN_SETTING')
      : rows(...known.map((name) => ({ name })));
    return answer(response, request);
  };
  await fake.serve(old);
  expect(await Promise.all([fake.select(), fake.select(), fake.select()])).toHaveLength(3);
});

it('query fails when the server refuses a setting of its own', async () => {
  const names = rows(...Object.keys(PINNED_SETTINGS).map((name) => ({ name })));
  await fake.serve(refusal(115, 'UNKNOWN_SETTING'), names);
  await expect(fake.select()).rejects.toThrow('UNKNOWN_SETTING (115)');
  expect(fake.server.queries).toHaveLength(2);
});
