import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '@quantumtrade/dal-testing';
import type { EmbeddedClickHouse } from './embedded-clickhouse.js';
import { startEmbeddedClickHouse } from './embedded-clickhouse.js';
import { ask } from './testing/ask.js';
import { hello } from './testing/native-hello.js';

let server: EmbeddedClickHouse;
beforeAll(async () => {
  server = await startEmbeddedClickHouse();
  await ask(server, 'CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n');
});
afterEach(async () => {
  expect(await ask(server, 'SELECT count() FROM kept')).toBe('0');
  expect(server.restarts).toBe(0);
});
afterAll(() => server.stop());

async function open(port = server.httpPort): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const login = () => `Host: x\r\nX-ClickHouse-User: dal\r\nX-ClickHouse-Key: ${server.password}\r\n`;
const insert = () => `POST /?query=INSERT%20INTO%20kept%20FORMAT%20TSV HTTP/1.1\r\n${login()}`;

/** Ways of a client to leave in the middle of a request. */
const departures: Record<string, () => string> = {
  'the request line': () => 'POST /?que',
  'the headers': () => `GET /?query=SELECT%201 HTTP/1.1\r\n${login()}`,
  'a body without a login': () => 'POST /?query=SELECT%201 HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc',
  'a query': () => `POST / HTTP/1.1\r\n${login()}Content-Length: 1000\r\n\r\nSELECT 1`,
  'an insert with a length': () => `${insert()}Content-Length: 1000\r\n\r\n1\n2\n`,
  'an insert in chunks': () => `${insert()}Transfer-Encoding: chunked\r\n\r\n4\r\n1\n2\n\r\n`,
  'a long answer': () => `GET /?query=SELECT%20*%20FROM%20numbers(100000000) HTTP/1.1\r\n${login()}\r\n`,
  'a sleeping query': () => `GET /?query=SELECT%20sleep(1) HTTP/1.1\r\n${login()}\r\n`,
};

it.each(Object.keys(departures))('server survives a client that resets in the middle of %s', async (name) => {
  for (const wait of [0, 1, 5, 20, 60]) {
    const socket = await open();
    socket.pause();
    socket.write(departures[name]!());
    await sleep(wait);
    socket.resetAndDestroy();
  }
});

it('server survives a native client that resets after its login', async () => {
  for (const wait of [0, 1, 5, 20]) {
    const socket = await open(server.tcpPort);
    socket.write(hello('dal', server.password));
    socket.write(Buffer.from([1, 0, 2]));
    await sleep(wait);
    socket.resetAndDestroy();
  }
});

it('refused request is answered after the one before it', async () => {
  const socket = await open();
  let answers = '';
  socket.on('data', (bytes) => (answers += bytes));
  const request = `GET /?query=SELECT%20sleep(0.05) HTTP/1.1\r\n${login()}\r\n`;
  socket.write(`${request}GET /?query=SELECT%201 HTTP/1.1\r\n\r\n${request}`);
  await once(socket, 'end');
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 403']);
});

it('server answers while 200 connections send garbage or nothing', async () => {
  const random = new Random(7);
  const sockets = await Promise.all(
    Array.from({ length: 200 }, (_, i) => open(i % 4 === 0 ? server.tcpPort : server.httpPort)),
  );
  const whole = Object.values(departures).map((text) => text());
  for (let round = 0; round < 5; round++) {
    for (const socket of sockets) {
      const dice = random.next();
      if (dice < 0.3) socket.write(random.bytes(1 + random.below(300)));
      else if (dice < 0.6) {
        const text = random.pick(whole);
        socket.write(text.slice(0, random.below(text.length)));
      } else if (dice < 0.7) socket.resetAndDestroy();
      else if (dice < 0.8) socket.end();
    }
    expect(await ask(server, 'SELECT 1')).toBe('1');
  }
  for (const socket of sockets) socket.resetAndDestroy();
});
