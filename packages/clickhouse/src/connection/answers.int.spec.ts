import type { IncomingMessage } from 'node:http';
import { Agent, createServer, request as send } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { listen, Random, seeds } from '@quantumtrade/dal-testing';
import { ownSettings } from '../testing/own-backend.js';
import { ClickHouseClient } from './clickhouse-client.js';
import type { Sql } from './sql.js';

const ROWS = 60_000;
/** Rows in blocks of 5,000, each value a text of up to 20 bytes. */
const WHOLE = `SELECT number, toString(number * 123456789012) AS text FROM numbers(${ROWS})
  SETTINGS max_block_size = 5000, max_threads = 1`;

/** A gateway between client and server. */
interface Gateway {
  /** How it marks the end of an answer. */
  framing: 'chunks' | 'length' | 'connection';
  /** Bytes of the body that it forwards before it takes the answer for complete. */
  cutAfter: number;
  /** Whether it hides from the client how the server marks errors, as servers before 25.11 do not. */
  hidesTag: boolean;
}

const gateway: Gateway = { framing: 'chunks', cutAfter: Infinity, hidesTag: false };
const agent = new Agent({ keepAlive: true });
const settings = ownSettings();
const { hostname, port } = new URL(settings.url);
const server = createServer(async (request, response) => {
  const body = await buffer(request);
  const headers = { ...request.headers, 'content-length': String(body.length) };
  const forwarded = send({ agent, hostname, port, method: 'POST', path: request.url, headers });
  forwarded.end(body);
  forwarded.on('response', (answer) => void forward(answer, response.socket!));
});

/** Forwards an answer as if it were complete, whatever became of the connection to the server. */
async function forward(answer: IncomingMessage, client: Socket): Promise<void> {
  const { framing, cutAfter, hidesTag } = gateway;
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve) => answer.on('end', resolve).on('error', () => resolve()));
  const dropped = /^(transfer-encoding|connection|keep-alive|content-length)$/;
  const headers = Object.entries(answer.headers).filter(
    ([name]) => !dropped.test(name) && !(hidesTag && name === 'x-clickhouse-exception-tag'),
  );
  const body = Buffer.concat(chunks).subarray(0, cutAfter);
  const frame = {
    chunks: 'Transfer-Encoding: chunked',
    length: `Content-Length: ${body.length}`,
    connection: 'X-Framing: none',
  }[framing];
  const head = [
    `HTTP/1.1 ${answer.statusCode} OK`,
    ...headers.map(([name, value]) => `${name}: ${value as string}`),
  ];
  client.write(`${[...head, 'Connection: close', frame].join('\r\n')}\r\n\r\n`);
  if (framing === 'chunks') {
    if (body.length > 0) client.write(`${body.length.toString(16)}\r\n`);
    if (body.length > 0) client.write(body);
    client.write(`${body.length > 0 ? '\r\n' : ''}0\r\n\r\n`);
  } else client.write(body);
  client.end();
}

const clients: ClickHouseClient[] = [];
const sqlOf: Record<string, Sql> = {};

beforeAll(async () => {
  const url = `http://127.0.0.1:${await listen(server)}`;
  for (const compression of [true, false]) {
    const client = new ClickHouseClient({
      ...settings,
      url,
      compression,
      requestTimeoutMs: 20_000,
      retry: { maxAttempts: 1 },
    });
    clients.push(client);
    sqlOf[compression ? 'compressed' : 'stored'] = client.sql('system');
  }
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  agent.destroy();
  server.closeAllConnections();
  server.close();
});

const cases = ['compressed', 'stored'].flatMap((encoding) =>
  (['chunks', 'length', 'connection'] as const).map((framing) => [encoding, framing] as const),
);

/** Reads the rows as an array and as a stream. */
const readings = [
  (sql: Sql, query: string) => sql.rows<object>('test', query),
  async (sql: Sql, query: string) => {
    let rows = 0;
    for await (const block of sql.blocks('test', query)) rows += block.rowCount;
    return { length: rows };
  },
];

describe.each(cases)('%s answer framed by %s', (encoding, framing) => {
  const sql = () => sqlOf[encoding]!;

  beforeEach(() => Object.assign(gateway, { framing, cutAfter: Infinity, hidesTag: false }));

  it('whole answer is read', async () => {
    for (const read of readings) expect((await read(sql(), WHOLE)).length).toBe(ROWS);
    expect(await sql().rows('test', 'SELECT 1 AS n WHERE 0')).toEqual([]);
  });

  it.each(seeds(4))('answer that the gateway cuts is an error (seed %d)', async (seed) => {
    const random = new Random(seed);
    for (const read of readings) {
      for (const limit of [100, 60_000, 150_000]) {
        gateway.cutAfter = random.below(limit);
        await expect(read(sql(), WHOLE)).rejects.toMatchObject({ name: 'ConnectionError', retryable: true });
      }
    }
  });

  it.each(seeds(4))('error behind rows keeps its code (seed %d)', async (seed) => {
    const random = new Random(seed);
    for (const hidesTag of [false, true]) {
      for (const read of readings) {
        gateway.hidesTag = hidesTag;
        const failing = WHOLE.replace(
          'text FROM',
          `text, throwIf(number = ${random.below(ROWS)}) AS no FROM`,
        );
        await expect(read(sql(), failing)).rejects.toMatchObject({
          name: 'QueryError',
          message: expect.stringContaining('FUNCTION_THROW_IF_VALUE_IS_NON_ZERO (395)'),
          retryable: false,
        });
      }
    }
  });
});

it('query above max_rows_to_read has the kind SCAN_LIMIT', async () => {
  Object.assign(gateway, { framing: 'chunks', cutAfter: Infinity, hidesTag: false });
  const reading = sqlOf['stored']!.collect('test', WHOLE, {}, undefined, (block) => block, {
    max_rows_to_read: 1_000,
  });
  await expect(reading).rejects.toMatchObject({ name: 'QueryError', kind: 'SCAN_LIMIT', retryable: false });
});
