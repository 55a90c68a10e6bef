import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpGuard } from './http-guard.js';
import { Login } from './login.js';
import { startRelay } from './relay.js';

const login = new Login('dal', createHash('sha256').update('pw').digest('hex'));
const newGuard = () => new HttpGuard(login);
const headers = 'X-ClickHouse-User: dal\r\nX-ClickHouse-Key: pw\r\n';
const GET = `GET / HTTP/1.1\r\n${headers}\r\n`;

let engine: Server;
let enginePort: number;
/** End of each connection to the engine: in order, or with an error's code. */
let ends: Promise<string>[];
let received: string;
let answer: (socket: Socket) => void;

beforeEach(async () => {
  ends = [];
  received = '';
  answer = (socket) => socket.end('answer');
  engine = createServer({ allowHalfOpen: true }, (socket) => {
    ends.push(
      new Promise((resolve) => {
        socket.on('end', () => resolve('in order'));
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
      }),
    );
    socket.on('data', (bytes) => (received += bytes));
    socket.once('data', () => answer(socket));
    socket.on('end', () => socket.end());
  });
  engine.listen(0, '127.0.0.1');
  await once(engine, 'listening');
  enginePort = (engine.address() as AddressInfo).port;
});
afterEach(() => {
  clients.splice(0).forEach((client) => client.destroy());
  engine.close();
  relays.splice(0).forEach((server) => server.close());
});

const relays: Server[] = [];
const clients: Socket[] = [];

async function relay(options = {}): Promise<number> {
  const server = await startRelay({ newGuard, enginePort: async () => enginePort, ...options });
  relays.push(server);
  return (server.address() as AddressInfo).port;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  clients.push(socket);
  await once(socket, 'connect');
  return socket;
}

describe('relay', () => {
  it('relay ends the engine connection in order when a client resets', async () => {
    answer = () => undefined;
    const client = await open(await relay());
    client.write(`POST / HTTP/1.1\r\n${headers}Content-Length: 100\r\n\r\nhalf`);
    while (!received.endsWith('half')) await sleep(1);
    client.resetAndDestroy();
    expect(await ends[0]).toBe('in order');
  });

  it('relay opens no engine connection without a valid head', async () => {
    const port = await relay();
    for (const bytes of ['', GET.slice(0, -2), 'GET / HTTP/1.1\r\n\r\n', 'garbage\r\n\r\n']) {
      const client = await open(port);
      client.end(bytes);
      await text(client);
    }
    expect(ends).toEqual([]);
  });

  it('relay ends a connection without a login in time', async () => {
    const client = await open(await relay({ loginMs: 20 }));
    client.write('GET /');
    expect(await text(client)).toBe('');
  });

  it('relay ends a connection when held bytes exceed the limit', async () => {
    const port = await relay({ maxHeldBytes: 100 });
    const first = await open(port);
    first.write('a'.repeat(60));
    const second = await open(port);
    second.write('a'.repeat(60));
    await Promise.race([once(first, 'close'), once(second, 'close')]);
    const third = await open(port);
    third.write(GET);
    expect(await text(third)).toBe('answer');
  });

  it('relay ends the oldest connection without a login above the limit', async () => {
    const port = await relay({ maxPending: 2 });
    const loggedIn = await open(port);
    answer = () => undefined;
    loggedIn.write(GET);
    while (received === '') await sleep(1);
    const [oldest] = [await open(port), await open(port), await open(port)];
    await once(oldest!, 'close');
    expect(loggedIn.destroyed).toBe(false);
  });

  it('relay holds requests until the engine is up', async () => {
    let asked = 0;
    const unused = createServer().listen(0, '127.0.0.1');
    await once(unused, 'listening');
    const closedPort = (unused.address() as AddressInfo).port;
    unused.close();
    await once(unused, 'close');
    const port = await relay({ enginePort: async () => (++asked === 1 ? closedPort : enginePort) });
    const client = await open(port);
    client.end(GET);
    expect(await text(client)).toBe('answer');
    expect(received).toBe(GET);
  });

  it('relay ends a connection when the engine does not start', async () => {
    const client = await open(await relay({ enginePort: () => Promise.reject(new Error('not up')) }));
    client.write(GET);
    expect(await text(client)).toBe('');
  });

  it('relay breaks a connection when the engine breaks it', async () => {
    answer = (socket) => socket.resetAndDestroy();
    const client = await open(await relay());
    client.write(GET);
    expect(await text(client).catch(() => 'broken')).not.toContain('answer');
  });
});
